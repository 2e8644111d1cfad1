export function routes(
  now?: () => number,
): (method: string, path: string, q: URLSearchParams, body: unknown) => [number, unknown] | undefined;
