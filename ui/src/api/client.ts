import createClient from 'openapi-fetch';
import type { paths } from './schema';
import { whenSignedIn } from './session';

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

/** Addresses whose 401 is an answer about what was typed, not about the session. */
const signing = /\/(login|logout|signin|password|confirm)$/;

/** Asks the server. When the session is over it waits for the person to sign in, then asks the same again. */
async function reach(input: Request): Promise<Response> {
  if (signing.test(new URL(input.url).pathname)) return send(input);
  const again = input.clone();
  const res = await send(input);
  if (res.status !== 401) return res;
  return (await whenSignedIn(input.method !== 'GET')) ? send(again) : res;
}

async function send(input: Request): Promise<Response> {
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

type Asked = { query?: Record<string, string | number | boolean | undefined>; body?: unknown; signal?: AbortSignal };

/** Asks for an address below /api/signalbox/v1 that the generated types do not know; what comes is the caller's to narrow. */
export async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  asked: Asked = {},
): Promise<unknown> {
  const url = new URL(`/api/signalbox/v1${path}`, window.location.href);
  for (const [k, v] of Object.entries(asked.query ?? {})) if (v !== undefined) url.searchParams.set(k, String(v));
  const res = await reach(
    new Request(url, {
      method,
      headers: {
        Accept: 'application/json',
        ...(asked.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: asked.body === undefined ? null : JSON.stringify(asked.body),
      signal: asked.signal ?? null,
    }),
  );
  const body: unknown = await res.json().catch(() => undefined);
  if (!res.ok) throw new ApiError(res.status, sentenceOf(res.status, body));
  return body;
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
