import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useMe } from '../api/me';
import { requireSetup } from '../api/session';
import { IconButton } from '../components/button';
import { MenuIcon } from '../components/icons';
import { useLocation } from '../router';
import { AccountMenu } from './account-menu';
import { Brand } from './brand';
import { ErrorBoundary } from './error-boundary';
import { Navigation } from './navigation';
import { OfflineBanner } from './offline-banner';
import { ShortcutHelp, useShortcut } from './shortcuts';

/** The frame of all screens: navigation, account menu, and the content with its fallbacks. */
export function Shell({ children }: { children: ReactNode }) {
  const { path } = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const me = useMe();
  const drawer = useRef<HTMLDialogElement>(null);
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);

  // Some queries find nothing for an admin who has to set up a second factor, and do not fail.
  const isUnenrolled = me?.secondFactorRequired && !me.secondFactor;
  useEffect(() => {
    if (isUnenrolled) requireSetup();
  }, [isUnenrolled]);

  // A new page starts at the top, and screen readers hear its heading.
  useEffect(() => {
    drawer.current?.close();
    if (before.current === path) return;
    before.current = path;
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);

  useShortcut('?', 'Show this help', () => setHelpOpen(true), { group: 'General' });

  return (
    <div className="shell">
      <a
        className="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          (main.current?.querySelector<HTMLElement>('h1') ?? main.current)?.focus();
        }}
      >
        Skip to the content
      </a>
      <div className="sidebar">
        <Navigation />
      </div>
      <dialog
        ref={drawer}
        className="drawer"
        aria-label="Navigation"
        onClick={(event) => event.target === drawer.current && drawer.current?.close()}
      >
        <div className="sidebar-content">
          <Navigation isDrawer />
        </div>
      </dialog>
      <div className="content">
        <header className="top-bar">
          <IconButton label="Navigation" className="drawer-button" onClick={() => drawer.current?.showModal()}>
            <MenuIcon size={18} />
          </IconButton>
          <span className="drawer-button">
            <Brand />
          </span>
          <span className="space" />
          <AccountMenu onHelp={() => setHelpOpen(true)} />
        </header>
        <OfflineBanner />
        <main id="main" ref={main} tabIndex={-1}>
          <ErrorBoundary key={path}>
            <Suspense fallback={<div className="screen-loading" aria-busy="true" aria-label="Loading" />}>{children}</Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <ShortcutHelp open={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}
