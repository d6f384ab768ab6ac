import { OK, OPERATIONS, type Operation } from '@podips/shared';
import type { Heartbeat } from './statuses.js';

/** The lights, worst first. Grey: not known, as no heartbeat ever came, or none since the monitor stood still or was not running. */
export const LIGHTS = ['red', 'yellow', 'grey', 'green'] as const;
export type Light = (typeof LIGHTS)[number];

/** The subject of an answer: the reader, the writer, or both. */
export const SCOPES = ['read', 'write', 'all'] as const;
export type Scope = (typeof SCOPES)[number];

export const TOO_OLD = 'no logs for more than 5 minutes';
export type Answer = 'success' | 'fail' | typeof TOO_OLD;

interface ScopeRule {
  readonly operations: readonly Operation[];
  /** The operations whose age counts. */
  readonly aging: readonly Operation[];
  /** Which answer is given when both hold. */
  readonly first: 'fail' | typeof TOO_OLD;
}

const RULES: Readonly<Record<Scope, ScopeRule>> = {
  read: { operations: ['kubernetes', 'queue/write'], aging: ['queue/write'], first: TOO_OLD },
  write: { operations: ['queue/read', 'log'], aging: ['log'], first: TOO_OLD },
  all: { operations: OPERATIONS, aging: ['queue/write', 'log'], first: 'fail' },
};

/** The last heartbeat of an operation. */
export interface Seen {
  readonly heartbeat: Pick<Heartbeat, 'code'> | undefined;
  /** Milliseconds since the heartbeat came. */
  readonly ageMs: number;
  /** There is work for the operation, and it does not do it. */
  readonly isOverdue?: boolean;
}

/** The light of one operation. A heartbeat that is exactly as old as the limit still counts. */
export function lightOf({ heartbeat, ageMs, isOverdue = false }: Seen, ageLimitMs: number): Light {
  if (heartbeat === undefined) return 'grey';
  if (heartbeat.code !== OK) return 'red';
  return ageMs > ageLimitMs || isOverdue ? 'yellow' : 'green';
}

/** The worst of the lights; green when there are none. */
export function worstLight(lights: readonly Light[]): Light {
  return LIGHTS.find((light) => lights.includes(light)) ?? 'green';
}

/** The answer of `GET /podips/:operation`. An operation without any heartbeat is too old, but has not failed. */
export function answerOf(scope: Scope, seen: Readonly<Record<Operation, Seen>>, ageLimitMs: number): Answer {
  const { operations, aging, first } = RULES[scope];
  const failed = operations.some((operation) => (seen[operation].heartbeat?.code ?? OK) !== OK);
  const tooOld = aging.some(
    (operation) => seen[operation].heartbeat === undefined || seen[operation].ageMs > ageLimitMs,
  );
  if (failed && tooOld) return first;
  if (failed) return 'fail';
  return tooOld ? TOO_OLD : 'success';
}
