import { useRef, useState } from 'react';
import { asFailure, type Failure } from '../api/failure';
import { useStepUpPrompt } from '../api/prompts';
import { call, newKey, rest, writeHeaders } from '../api/rest';
import { Dialog, DialogButtons } from '../components/dialog';
import { Field, TextInput } from '../components/field';

function problemOf(failure: Failure): string {
  if (failure.code === 'second_factor_invalid' || failure.field('code')) return 'The code is wrong, or was used before.';
  return failure.code === 'rate_limited' && failure.retryAfter
    ? `Too many attempts. Try again in ${failure.retryAfter} seconds.`
    : failure.message;
}

/** Asks for the second factor before a dangerous action. The action continues afterwards. */
export function StepUpDialog() {
  const prompt = useStepUpPrompt();
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isPending, setPending] = useState(false);
  const input = useRef<HTMLInputElement>(null);

  const submit = async () => {
    const code = input.current!.value.trim();
    if (isPending || !code) return;
    setPending(true);
    setFailure(null);
    try {
      await call(rest.POST('/api/user/me/step-up', { body: { code }, headers: writeHeaders(newKey()) }));
      prompt?.resolve();
    } catch (error) {
      setFailure(asFailure(error));
      input.current?.select();
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog
      open={prompt !== null}
      size="small"
      title="Confirm it is you"
      onClose={() => {
        setFailure(null);
        prompt?.reject();
      }}
      onSubmit={submit}
      footer={<DialogButtons action="Confirm" onCancel={() => prompt?.reject()} isPending={isPending} />}
    >
      <p className="prose">This action needs a code of your second factor. It is then not asked again for ten minutes.</p>
      <Field
        label="Code"
        hint="The six digits in your authenticator app, or one of your recovery codes."
        error={failure && problemOf(failure)}
      >
        <TextInput
          ref={input}
          data-first
          className="code-input"
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={16}
        />
      </Field>
    </Dialog>
  );
}
