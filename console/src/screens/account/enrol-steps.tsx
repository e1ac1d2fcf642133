import { lazy, Suspense } from 'react';
import { Checkbox, Field, TextInput } from '../../components/field';
import { FormFailure } from '../../components/form-failure';
import { PasswordInput } from '../../components/password-input';
import { RecoveryCodes } from './recovery-codes';
import type { Enrolment } from './use-enrolment';

// The encoder of QR codes is loaded when it is needed.
const QrCode = lazy(() => import('./qr-code'));

/** The current step of setting up a second factor, without its frame. */
export function EnrolStep({ enrolment, email }: { enrolment: Enrolment; email: string }) {
  const { step, failure } = enrolment;
  return (
    <>
      {step === 'scan' && failure?.code === 'conflict' ? (
        <p className="notice warn" role="alert">
          This secret is no longer valid, because an hour has passed, or because it was set up in another tab. Start again.
        </p>
      ) : (
        <FormFailure failure={failure} shows={['password', 'code']} />
      )}
      {step === 'password' && <PasswordStep enrolment={enrolment} email={email} />}
      {step === 'scan' && <ScanStep enrolment={enrolment} />}
      {step === 'codes' && <CodesStep enrolment={enrolment} email={email} />}
    </>
  );
}

function PasswordStep({ enrolment, email }: { enrolment: Enrolment; email: string }) {
  return (
    <>
      <p className="prose">
        You need an authenticator app on your phone, such as Aegis, 2FAS, Google Authenticator, or the one of your password manager.
      </p>
      <input type="text" name="email" autoComplete="username" value={email} readOnly hidden />
      <Field label="Your password" hint="To be sure that it is you." error={enrolment.failure?.field('password')}>
        <PasswordInput
          data-first
          autoComplete="current-password"
          value={enrolment.password}
          onChange={({ target }) => enrolment.setPassword(target.value)}
        />
      </Field>
    </>
  );
}

function ScanStep({ enrolment }: { enrolment: Enrolment }) {
  const { secret, uri } = enrolment.secret!;
  return (
    <>
      <p className="prose">Scan this code with the app. On this phone, open the link instead.</p>
      <div className="account-scan">
        <Suspense fallback={<div className="account-qr" aria-busy="true" />}>
          <QrCode text={uri} label="QR code of the secret, for an authenticator app" />
        </Suspense>
        <div className="account-scan-other">
          <a href={uri}>Open in an authenticator app</a>
          <p className="soft">Or type this secret there:</p>
          <code className="account-secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
        </div>
      </div>
      <Field
        label="Code of the app"
        hint="The six digits that it shows now."
        error={enrolment.failure?.field('code') && 'The code is wrong. Check that the clock of the phone is right, and wait for the next code.'}
      >
        <TextInput
          data-first
          autoFocus
          className="code-input"
          inputMode="numeric"
          autoComplete="one-time-code"
          spellCheck={false}
          maxLength={16}
          value={enrolment.code}
          onChange={({ target }) => enrolment.setCode(target.value)}
        />
      </Field>
    </>
  );
}

function CodesStep({ enrolment, email }: { enrolment: Enrolment; email: string }) {
  return (
    <>
      <RecoveryCodes codes={enrolment.codes!} email={email} />
      <Checkbox
        label="I have stored them in a safe place"
        checked={enrolment.isStored}
        onChange={({ target }) => enrolment.setStored(target.checked)}
      />
    </>
  );
}
