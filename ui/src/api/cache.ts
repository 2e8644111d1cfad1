import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client';

/** The query cache: the only place where server state lives. What the person caused is not tried again. */
export function makeClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, error) => !(error instanceof ApiError && error.status >= 400 && error.status < 500) && count < 4,
        retryDelay: (n) => Math.min(500 * 2 ** n, 8_000),
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}
