type Who = { id: string; name: string; kind: string };
type Answer = { status: number; body: unknown };

export function diffOf(before: string, after: string): { kind: string; text: string }[];
export function makeGovern(opts?: { story?: string; now?: () => number; me?: Who }): {
  answer(method: string, path: string, query: URLSearchParams, body: unknown): Answer | undefined;
};
