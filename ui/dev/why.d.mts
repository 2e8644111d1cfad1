import type { Why } from '../src/api/why';

export function answer(kpi: string, q: URLSearchParams, now: number): Why;
export function why(kpi: string, q: URLSearchParams, now: number): [number, unknown];
