import createClient from 'openapi-fetch';
import type { paths } from './schema';

// One way to the server. Errors are problems (RFC 9457) whose detail is a sentence for people.

/** An answer that is no success, with the sentence that a person can read. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

function sentenceOf(status: number, body: unknown): string {
  if (typeof body === 'object' && body !== null) {
    const b = body as Record<string, unknown>;
    for (const k of ['detail', 'title', 'error']) {
      const v = b[k];
      if (typeof v === 'string' && v !== '') return v;
    }
  }
  if (status === 401) return 'You are signed out.';
  if (status === 403) return 'You may not do this.';
  if (status === 404) return 'There is no such thing here.';
  return `The server answered ${status}.`;
}

async function reach(input: Request): Promise<Response> {
  try {
    return await fetch(input);
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw new ApiError(0, 'The server does not answer. It may be restarting; this page tries again by itself.');
  }
}

/** The typed client of our own API. */
export const api = createClient<paths>({ baseUrl: '/', fetch: reach, headers: { Accept: 'application/json' } });

/** The body of a success; anything else becomes an ApiError with the server's sentence. */
export async function ok<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new ApiError(response.status, sentenceOf(response.status, error));
  return data as T;
}

/** GET of the Prometheus API below /api/v1: answers its data or throws its error. */
export async function prom(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<unknown> {
  const res = await reach(
    new Request(new URL(`/api/v1${path}?${query.toString()}`, window.location.href), {
      headers: { Accept: 'application/json' },
      signal: signal ?? null,
    }),
  );
  const body: unknown = await res.json().catch(() => undefined);
  if (!res.ok) throw new ApiError(res.status, sentenceOf(res.status, body));
  return (body as { data?: unknown } | undefined)?.data;
}
