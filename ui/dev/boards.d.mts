import type { BoardHead, Imported, UserBoard } from '../src/api/boards';

export const text: string;
export const imported: Imported;
export function boards(): BoardHead[];
export function board(kpis: string[], vars: Record<string, string>): UserBoard;
export function routes(): (
  method: string,
  path: string,
  q: URLSearchParams,
  body: unknown,
  kpis: string[],
) => [number, unknown] | undefined;
