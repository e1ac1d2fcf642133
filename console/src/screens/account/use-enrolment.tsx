import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useAction } from '../../api/action';
import { call, rest, writeHeaders } from '../../api/rest';

export type Step = 'password' | 'scan' | 'codes';
type Secret = { secret: string; uri: string };

/**
 * Setting up a second factor in three steps: the password, the first code of the app, the recovery codes.
 *
 * The secret is pending until its first code is confirmed, so nothing has changed if the user stops before.
 */
export function useEnrolment(onDone: () => void) {
  const client = useQueryClient();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [isStored, setStored] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const begin = useAction({
    run: (typed: string, { key }) =>
      call(rest.POST('/api/user/me/second-factor', { body: { password: typed }, headers: writeHeaders(key) })),
    onSuccess: setSecret,
    onFailure: () => true,
  });
  const confirm = useAction({
    run: (typed: string, { key }) =>
      call(rest.POST('/api/user/me/second-factor/confirm', { body: { code: typed }, headers: writeHeaders(key) })),
    onSuccess: ({ recovery_codes }) => setCodes(recovery_codes),
    onFailure: (failure) => {
      // Perhaps it was set up in another tab.
      if (failure.code === 'conflict') void client.invalidateQueries();
      return true;
    },
  });
  const step: Step = codes ? 'codes' : secret ? 'scan' : 'password';
  const action = step === 'password' ? begin : confirm;
  return {
    step,
    password,
    setPassword: (text: string) => {
      setPassword(text);
      if (begin.failure) begin.reset();
    },
    code,
    setCode: (text: string) => {
      setCode(text);
      if (confirm.failure) confirm.reset();
    },
    isStored,
    setStored,
    secret,
    codes,
    failure: step === 'codes' ? null : action.failure,
    isPending: step !== 'codes' && action.isPending,
    isPaused: step !== 'codes' && action.isPaused,
    /** Back to the password: a new secret. */
    restart: () => {
      setSecret(null);
      setCode('');
      confirm.reset();
    },
    canSubmit: step === 'password' ? password !== '' : step === 'scan' ? code.trim() !== '' : isStored,
    submit: () => {
      if (step === 'password' && password) begin.run(password);
      if (step === 'scan' && code.trim()) confirm.run(code.trim());
      if (step === 'codes' && isStored) onDone();
    },
  };
}

export type Enrolment = ReturnType<typeof useEnrolment>;

export const TITLES: Record<Step, string> = {
  password: 'Set up a second factor',
  scan: 'Add patron to your authenticator app',
  codes: 'Keep your recovery codes',
};
export const ACTIONS: Record<Step, string> = { password: 'Continue', scan: 'Turn it on', codes: 'Done' };
