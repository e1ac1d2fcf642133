import {
  FieldsIcon,
  MailIcon,
  OverviewIcon,
  PeopleIcon,
  ShieldIcon,
  TagIcon,
  WebhookIcon,
} from '../components/icons';
import { Link, navigate, useLocation } from '../router';
import { preload } from '../routes';
import { Brand } from './brand';
import { useShortcut } from './shortcuts';

const AREAS = [
  { to: '/', label: 'Overview', key: 'o', icon: <OverviewIcon size={18} /> },
  { to: '/customers', label: 'Customers', key: 'c', icon: <PeopleIcon size={18} /> },
  { to: '/customer-groups', label: 'Groups', key: 'r', icon: <TagIcon size={18} /> },
  { to: '/fields', label: 'Custom fields', key: 'f', icon: <FieldsIcon size={18} /> },
  { to: '/mails', label: 'Mails', key: 'm', icon: <MailIcon size={18} /> },
  { to: '/webhooks', label: 'Webhooks', key: 'w', icon: <WebhookIcon size={18} /> },
  { to: '/admins', label: 'Admins', key: 'a', icon: <ShieldIcon size={18} /> },
];

/** The areas of the console, with a shortcut each. In the drawer they have none, because the sidebar has them. */
export function Navigation({ isDrawer }: { isDrawer?: boolean }) {
  const { path } = useLocation();
  return (
    <nav aria-label="Areas">
      <Link to="/" className="brand-link" aria-label="patron, overview">
        <Brand />
      </Link>
      <ul>
        {AREAS.map(({ to, label, key, icon }) => {
          const isCurrent = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
          return (
            <li key={to}>
              <Link
                to={to}
                className="area"
                aria-current={isCurrent ? 'page' : undefined}
                onPointerEnter={() => preload(to)}
                onFocus={() => preload(to)}
              >
                {icon}
                {label}
              </Link>
              {!isDrawer && <GoTo keyName={key} to={to} label={label} />}
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function GoTo({ keyName, to, label }: { keyName: string; to: string; label: string }) {
  useShortcut(`g ${keyName}`, label, () => void navigate(to), { group: 'Go to' });
  return null;
}
