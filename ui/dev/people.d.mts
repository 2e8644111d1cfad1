import type { AuditPage, Digest, Verified } from '../src/api/audit';
import type { Mark } from '../src/api/changes';
import type { Matrix, Me, Session, Token, User } from '../src/api/people';

export const roles: Matrix['roles'];
export const actions: Matrix['actions'];
export function users(now: number): User[];
export function tokens(now: number): Token[];
export function sessions(now: number, user?: string): Session[];
export function me(now: number, more?: Partial<Me>): Me;
export function auditAnswer(now: number, q: URLSearchParams): AuditPage;
export function verifyAnswer(now: number, broken?: boolean): Verified;
export function digests(now: number): Digest[];
export function changes(now: number, from: number, to: number, kpi: string): Mark[];
export function routes(
  state?: Record<string, unknown>,
): (method: string, path: string, q: URLSearchParams, body: unknown) => [number, unknown] | undefined;
