import type { Tone } from '../../components/badge';
import type { MailStatus } from './queries';

export const STATUSES: Record<MailStatus, { label: string; tone: Tone; param: string }> = {
  FAILED: { label: 'Failed', tone: 'bad', param: 'failed' },
  PENDING: { label: 'Waiting', tone: 'info', param: 'pending' },
  SENT: { label: 'Sent', tone: 'good', param: 'sent' },
  WITHDRAWN: { label: 'Withdrawn', tone: 'neutral', param: 'withdrawn' },
};

/** The status in the URL; failed mails come first. Null: all. */
export function statusOf(param: string | null): MailStatus | null {
  const names = Object.keys(STATUSES) as MailStatus[];
  return param === 'all' ? null : (names.find((status) => STATUSES[status].param === param) ?? 'FAILED');
}

const KINDS: Record<string, string> = {
  verify_email: 'Verification link',
  reset_password: 'Password link',
  invitation: 'Invitation',
  password_changed: 'Password changed',
  email_change_requested: 'E-mail change requested',
  email_changed: 'E-mail changed',
  admin_password_changed: 'Admin: password changed',
  second_factor_on: 'Admin: second factor on',
  second_factor_off: 'Admin: second factor off',
  second_factor_reset: 'Admin: second factor reset',
  recovery_codes_created: 'Admin: new recovery codes',
  recovery_code_used: 'Admin: recovery code used',
};

export const kindLabel = (kind: string) => KINDS[kind] ?? kind.replaceAll('_', ' ');
