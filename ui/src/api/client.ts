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

const base = '/api/signalbox/v1';

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

async function call(path: string, init: RequestInit): Promise<unknown> {
  let res: Response;
  try {
    res = await fetch(path, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw new ApiError(0, 'The server does not answer. It may be restarting; this page tries again by itself.');
  }
  const text = await res.text();
  let body: unknown = undefined;
  if (text !== '') {
    try {
      body = JSON.parse(text) as unknown;
    } catch {
      body = undefined;
    }
  }
  if (!res.ok) throw new ApiError(res.status, sentenceOf(res.status, body));
  return body;
}

type Query = Record<string, string | number | undefined>;

function withQuery(path: string, query: Query | undefined): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(query ?? {})) if (v !== undefined && v !== '') p.set(k, String(v));
  const s = p.toString();
  return s === '' ? path : `${path}?${s}`;
}

/** GET below /api/signalbox/v1. */
export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return call(withQuery(base + path, query), signal ? { signal } : {}) as Promise<T>;
}

/** POST or DELETE below /api/signalbox/v1. */
export function send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  return call(base + path, init) as Promise<T>;
}

/** GET of the Prometheus API below /api/v1: answers its data or throws its error. */
export async function prom<T>(path: string, query: URLSearchParams, signal?: AbortSignal): Promise<T> {
  const body = (await call(`/api/v1${path}?${query.toString()}`, signal ? { signal } : {})) as { data: T };
  return body.data;
}
