import type * as T from '../src/api/types';

/** A KPI of the invented portal; what it holds is the fixtures' own matter. */
export type Def = { name: string; light: T.Light };

export function noise(seed: number): () => number;
export function story(name?: 'incident' | 'calm' | 'empty', count?: number): Def[];
export function views(list: Def[], now: number): T.View[];
export function verdictOf(list: Def[]): T.Board['verdict'];
export function countsOf(list: Def[]): T.Counts;
export function sources(now: number, name?: string): T.Source[];
export function sourcesSummary(now: number, name?: string): T.Board['sources'];
export function board(list: Def[], now: number, name?: string): T.Board;
export function series(d: Def, now: number, from: number, to: number, max: number): T.Series;
export function receipts(d: Def, now: number): T.Receipt[];
export function decisions(d: Def, now: number): T.Decision[];
export function failing(d: Def): T.Failing[];
export function burnDown(d: Def, now: number): T.BurnDown;
export function alerts(list: Def[], now: number, extra?: T.Silence[]): T.Alerts;
export function mails(now: number): (T.MailHead & { text: string; html: string; headers: Record<string, string> })[];
