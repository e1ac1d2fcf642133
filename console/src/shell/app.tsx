import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { queryClient } from '../api/query-client';
import { useSession } from '../api/session';
import { confirm, ConfirmHost } from '../components/confirm';
import { setLeaveQuestion } from '../location';
import { Routes } from '../router';
import { notFound, routes } from '../routes';
import { Shell } from './shell';
import { ExpiredDialog, SignInPage } from './sign-in';
import { StepUpDialog } from './step-up';
import { Toasts } from './toasts';

setLeaveQuestion(() =>
  confirm({
    title: 'Leave without saving?',
    body: 'Your changes on this page are not saved.',
    action: 'Leave',
    cancel: 'Stay',
    danger: true,
  }),
);

const SetupPage = lazy(() => import('../screens/account/setup-page'));

export function App() {
  const { status, setupRequired, account } = useSession();
  const isOut = status === 'signed-out';
  useEffect(() => {
    if (isOut) queryClient.clear();
  }, [isOut]);
  if (status === 'starting') return null;
  return (
    <QueryClientProvider client={queryClient}>
      {isOut ? (
        <SignInPage />
      ) : setupRequired ? (
        <Suspense fallback={null}>
          <SetupPage />
        </Suspense>
      ) : (
        <Shell key={account?.uuid}>
          <Routes routes={routes} otherwise={notFound} />
        </Shell>
      )}
      <ConfirmHost />
      <StepUpDialog />
      <ExpiredDialog />
      <Toasts />
    </QueryClientProvider>
  );
}
