import { signOut, useSession } from '../api/session';
import {
  ChevronDown,
  KeyboardIcon,
  MonitorIcon,
  MoonIcon,
  PersonIcon,
  SignOutIcon,
  SunIcon,
} from '../components/icons';
import { Menu } from '../components/popover';
import { setTheme, useTheme } from './theme';

/** Who is signed in, the theme, and the way out. */
export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { account } = useSession();
  const theme = useTheme();
  return (
    <Menu
      label="Account"
      trigger={(props) => (
        <button type="button" className="account-button" {...props}>
          <PersonIcon />
          <bdi className="account-name">{account?.fullName}</bdi>
          <ChevronDown size={14} />
        </button>
      )}
      items={[
        {
          heading: (
            <>
              <bdi className="menu-name">{account?.fullName}</bdi>
              <bdi className="soft">{account?.email}</bdi>
            </>
          ),
        },
        { label: 'Own account', icon: <PersonIcon />, to: '/account' },
        { label: 'Keyboard shortcuts', icon: <KeyboardIcon />, hint: <kbd>?</kbd>, onSelect: onHelp },
        'separator',
        { label: 'System theme', icon: <MonitorIcon />, checked: theme === 'system', onSelect: () => setTheme('system') },
        { label: 'Light theme', icon: <SunIcon />, checked: theme === 'light', onSelect: () => setTheme('light') },
        { label: 'Dark theme', icon: <MoonIcon />, checked: theme === 'dark', onSelect: () => setTheme('dark') },
        'separator',
        { label: 'Sign out', icon: <SignOutIcon />, onSelect: () => void signOut() },
      ]}
    />
  );
}
