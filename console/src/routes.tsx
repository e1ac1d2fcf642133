import { type ComponentType, lazy, useState } from 'react';
import { ButtonLink } from './components/button';
import { EmptyState } from './components/empty-state';
import { SearchIcon } from './components/icons';
import { matches, type Route } from './router';
import { Page } from './shell/page';

type Loading = Promise<{ default: ComponentType }>;
type Screen = { path: string; load: () => Loading };

// Each screen is a separate file in the build, and is loaded when it is opened.
const groups = () => import('./screens/groups/groups-page');
const screens: Screen[] = [
  { path: '/', load: () => import('./screens/overview/overview-page') },
  { path: '/customers', load: () => import('./screens/customers/customers-page') },
  { path: '/customers/new', load: () => import('./screens/customer/new-customer-page') },
  { path: '/customers/edit/:uuid', load: () => import('./screens/customer/customer-page') },
  { path: '/customer-groups', load: groups },
  // The editUrl of a group, with its numeric ID.
  { path: '/customer-groups/edit/:id', load: groups },
  { path: '/fields', load: () => import('./screens/fields/fields-page') },
  { path: '/mails', load: () => import('./screens/mails/mails-page') },
  { path: '/webhooks', load: () => import('./screens/webhooks/webhooks-page') },
  { path: '/webhooks/:uuid', load: () => import('./screens/webhooks/webhook-page') },
  { path: '/admins', load: () => import('./screens/admins/admins-page') },
  { path: '/account', load: () => import('./screens/account/account-page') },
];

/** The screens whose files are there. They are shown at once; React.lazy would show its fallback first. */
const loaded = new Map<Screen, ComponentType>();
const loadScreen = (screen: Screen): Loading =>
  screen.load().then((file) => {
    loaded.set(screen, file.default);
    return file;
  });

export const routes: Route[] = screens.map((screen) => {
  const Lazy = lazy(() => loadScreen(screen));
  const Element = () => {
    const [Screen] = useState<ComponentType>(() => loaded.get(screen) ?? Lazy);
    return <Screen />;
  };
  return { path: screen.path, element: <Element /> };
});

/** Loads the file of a screen before it is shown: while the session resumes, and when the pointer is on its link. */
export function preload(path: string) {
  const screen = screens.find((each) => matches(each.path, path));
  // A failure shows up when the screen is opened.
  if (screen && !loaded.has(screen)) loadScreen(screen).catch(() => {});
}

export const notFound = (
  <Page title="Not found">
    <EmptyState
      icon={<SearchIcon size={28} />}
      title="There is no such page"
      action={<ButtonLink to="/customers">Customers</ButtonLink>}
    >
      The address may be mistyped, or it is of another version of patron.
    </EmptyState>
  </Page>
);
