import type { ReactNode } from 'react';
import { useMe } from '../../api/me';
import { CheckIcon, ChevronRight, KeyIcon, MailIcon, ShieldIcon, WebhookIcon } from '../../components/icons';
import { SkeletonLines } from '../../components/skeleton';
import { Link } from '../../router';
import { amount, type Overview } from './queries';

/** From this number on, an admin is reminded of its recovery codes. */
const FEW_CODES = 3;

type Item = { icon: ReactNode; title: string; text: string; to: string; isBad?: boolean };

/** The problems that an admin has to look at, each with a link to the page where it is solved. */
export function AttentionCard({ overview }: { overview: Overview | undefined }) {
  const items = useItems(overview);
  return (
    <section className="card overview-attention" aria-labelledby="overview-attention">
      <header className="card-header">
        <h2 id="overview-attention">Needs attention</h2>
      </header>
      {!overview ? (
        <div className="card-body">
          <SkeletonLines lines={3} />
        </div>
      ) : items.length === 0 ? (
        <p className="overview-fine">
          <span className="overview-mark good">
            <CheckIcon />
          </span>
          Nothing. All mails and webhook deliveries arrive, and every admin has a second factor.
        </p>
      ) : (
        <ul className="overview-items">
          {items.map(({ icon, title, text, to, isBad }) => (
            <li key={to + title}>
              <Link to={to} className="overview-item">
                <span className={`overview-mark ${isBad ? 'bad' : 'warn'}`}>{icon}</span>
                <span className="overview-item-text">
                  <strong>{title}</strong>
                  <span className="soft">{text}</span>
                </span>
                <ChevronRight />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function useItems(overview: Overview | undefined): Item[] {
  const me = useMe();
  if (!overview) return [];
  const { mailsFailed, deliveriesFailed, adminsWithoutSecondFactor: without } = overview;
  const others = without - (me && !me.secondFactor ? 1 : 0);
  const items: (Item | false | null | undefined)[] = [
    mailsFailed > 0 && {
      icon: <MailIcon />,
      title: `${amount(mailsFailed, 'mail')} failed`,
      text: 'See why, and send them again.',
      to: '/mails?status=failed',
      isBad: true,
    },
    deliveriesFailed > 0 && {
      icon: <WebhookIcon />,
      title: `${amount(deliveriesFailed, 'webhook delivery', 'webhook deliveries')} failed`,
      text: 'Not accepted for three days. Replay them when the receiver works.',
      to: '/webhooks',
      isBad: true,
    },
    me && !me.secondFactor && {
      icon: <KeyIcon />,
      title: 'You have no second factor',
      text: 'Set one up: now your password alone is enough to sign in.',
      to: '/account',
    },
    me?.secondFactor && me.recoveryCodesLeft <= FEW_CODES && {
      icon: <KeyIcon />,
      title: me.recoveryCodesLeft ? `You have ${amount(me.recoveryCodesLeft, 'recovery code')} left` : 'You have no recovery codes',
      text: 'Make new ones, before you need one.',
      to: '/account',
    },
    others > 0 && {
      icon: <ShieldIcon />,
      title: `${amount(others, 'other admin has', 'other admins have')} no second factor`,
      text: 'Ask them to set it up in their own account.',
      to: '/admins',
    },
  ];
  return items.filter((item) => !!item);
}
