export function routes(
  now?: number,
): (method: string, path: string, q: URLSearchParams) => [number, unknown] | undefined;
