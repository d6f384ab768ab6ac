import { OK, OPERATIONS, type Operation } from '@podips/shared';
import type { Heartbeat, Statuses } from './statuses.js';

/** The lights, worst first. */
export const LIGHTS = ['red', 'yellow', 'grey', 'green'] as const;
export type Light = (typeof LIGHTS)[number];

/** What an answer speaks of: the reader, the writer, or both. */
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

type Seen = Pick<Heartbeat, 'code' | 'receivedAtMs'>;

/**
 * The light of one operation (SPEC: "The monitor's HTTP interface"). A heartbeat that is exactly as old as the
 * limit still counts. One from the future, left by a clock that was wrong, counts no longer than one from the past.
 */
export function lightOf(heartbeat: Seen | undefined, nowMs: number, ageLimitMs: number): Light {
  if (heartbeat === undefined) return 'grey';
  if (heartbeat.code !== OK) return 'red';
  return isOlder(heartbeat, nowMs, ageLimitMs) ? 'yellow' : 'green';
}

/** The worst of the lights; green when there are none. */
export function worstLight(lights: readonly Light[]): Light {
  return LIGHTS.find((light) => lights.includes(light)) ?? 'green';
}

/** The answer of `GET /podips/:operation`. An operation never heard of is too old, but has not failed. */
export function answerOf(scope: Scope, statuses: Statuses, nowMs: number, ageLimitMs: number): Answer {
  const { operations, aging, first } = RULES[scope];
  const failed = operations.some((operation) => (statuses[operation]?.code ?? OK) !== OK);
  const tooOld = aging.some((operation) => {
    const heartbeat = statuses[operation];
    return heartbeat === undefined || isOlder(heartbeat, nowMs, ageLimitMs);
  });
  if (failed && tooOld) return first;
  if (failed) return 'fail';
  return tooOld ? TOO_OLD : 'success';
}

function isOlder(heartbeat: Seen, nowMs: number, ageLimitMs: number): boolean {
  return Math.abs(nowMs - heartbeat.receivedAtMs) > ageLimitMs;
}
