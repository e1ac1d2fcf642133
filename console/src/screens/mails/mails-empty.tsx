import type { ReactNode } from 'react';
import { ButtonLink } from '../../components/button';
import { EmptyState } from '../../components/empty-state';
import { CheckIcon, MailIcon } from '../../components/icons';
import type { MailStatus } from './queries';

const TEXTS: Record<MailStatus | 'ALL', { title: string; text: string; icon: ReactNode }> = {
  FAILED: {
    title: 'No mail has failed',
    text: 'A mail that could not be sent for a day, or that the mail server refused, is here with the reason.',
    icon: <CheckIcon size={26} />,
  },
  PENDING: {
    title: 'No mail is waiting',
    text: 'A mail waits here until it is sent: usually for a second, and longer if the mail server is unavailable.',
    icon: <CheckIcon size={26} />,
  },
  SENT: { title: 'No mail was sent yet', text: 'Links to verify addresses and to reset passwords, and notices of changes are here.', icon: <MailIcon size={26} /> },
  WITHDRAWN: {
    title: 'No mail was withdrawn',
    text: 'A mail that became pointless before it was sent, such as a link that a newer one replaced, is here.',
    icon: <MailIcon size={26} />,
  },
  ALL: { title: 'There are no mails yet', text: 'patron mails links to verify addresses and to reset passwords, and notices of changes.', icon: <MailIcon size={26} /> },
};

/** A list of mails without entries. */
export function MailsEmpty({ status, isOfCustomer }: { status: MailStatus | null; isOfCustomer: boolean }) {
  const { title, text, icon } = TEXTS[status ?? 'ALL'];
  const all = status !== null && !isOfCustomer && <ButtonLink to="/mails?status=all">All mails</ButtonLink>;
  return (
    <EmptyState icon={icon} title={isOfCustomer ? 'No such mail to this customer' : title} action={all}>
      {text}
    </EmptyState>
  );
}
