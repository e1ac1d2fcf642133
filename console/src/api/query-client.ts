import { QueryClient } from '@tanstack/react-query';
import { asFailure } from './failure';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      gcTime: 5 * 60_000,
      retry: (count, error) => asFailure(error).isRetriable && count < 2,
      retryDelay: (count, error) => (asFailure(error).retryAfter ?? 0.7 * 2 ** count) * 1000,
    },
  },
});

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: Error;
  }
}
