import { OPERATIONS, type Operation } from '@podips/shared';
import type { OperationState } from '../status/tracker.js';
import type { Trouble } from './notice.js';
import type { AlertRules, Chain } from './rules.js';

export type Troubles = Readonly<Partial<Record<Operation, Trouble>>>;

/** What was seen of some operations, also that nothing is wrong with them. */
export type Seen = ReadonlyMap<Operation, Trouble | undefined>;

/** What people should know of one operation, and how long to wait until that changes by itself. */
interface Wish {
  readonly trouble: Trouble | undefined;
  readonly waitMs: number;
}

/**
 * What people should know of the chain, given what they know.
 * @returns the waits as well, after which that changes by itself
 */
export function wishesFor(
  decided: Troubles,
  chain: Chain,
  nowMs: number,
  rules: AlertRules,
): { readonly wished: Troubles; readonly holds: readonly number[] } {
  const isHeard = OPERATIONS.some((operation) => chain[operation].heartbeat !== undefined);
  const wishes = OPERATIONS.map((operation) => {
    const [known, state] = [decided[operation], chain[operation]];
    const isMissing = isHeard && state.heartbeat === undefined;
    const wish = isMissing ? missing(known, nowMs, rules) : wishFor(known, state, nowMs, rules);
    return { operation, ...wish };
  });
  return {
    wished: Object.fromEntries(wishes.map(({ operation, trouble }) => [operation, trouble])),
    holds: wishes.map(({ waitMs }) => waitMs).filter((waitMs) => waitMs > 0),
  };
}

function wishFor(
  known: Trouble | undefined,
  { light, sinceMs, heartbeat }: OperationState,
  nowMs: number,
  rules: AlertRules,
): Wish {
  if (light === 'green') return { trouble: undefined, waitMs: 0 };
  if (light === 'grey' || heartbeat === undefined) return { trouble: known, waitMs: 0 };
  const startMs = sinceMs ?? heartbeat.receivedAtMs;
  const waitMs =
    light === 'red'
      ? remainingMs(startMs, rules.holdMs, nowMs)
      : remainingMs(rules.listeningSinceMs, rules.ageLimitMs, nowMs);
  if (known?.light !== light && waitMs > 0) return { trouble: known, waitMs };
  const { code, message, host } = heartbeat;
  return { trouble: { light, sinceMs: known?.sinceMs ?? startMs, code, message, host }, waitMs: 0 };
}

/** The same of an operation that was never heard of, while others were. */
function missing(
  known: Trouble | undefined,
  nowMs: number,
  { listeningSinceMs, ageLimitMs }: AlertRules,
): Wish {
  const waitMs = known === undefined ? remainingMs(listeningSinceMs, ageLimitMs, nowMs) : 0;
  if (known !== undefined || waitMs > 0) return { trouble: known, waitMs };
  const trouble: Trouble = { light: 'grey', sinceMs: listeningSinceMs, code: 0, message: '', host: '' };
  return { trouble, waitMs: 0 };
}

/** Whether the lights of both are not the same. */
export function differ(some: Troubles, others: Troubles): boolean {
  return OPERATIONS.some((operation) => some[operation]?.light !== others[operation]?.light);
}

const BADNESS: Readonly<Record<Trouble['light'], number>> = { grey: 0, yellow: 1, red: 2 };

/** Adds what should be known now to what was seen of operations that have changed. */
export function seenWith({ decided, seen }: { decided: Troubles; seen: Seen }, wished: Troubles): Seen {
  const changed = OPERATIONS.filter(
    (operation) => seen.has(operation) || wished[operation]?.light !== decided[operation]?.light,
  );
  return new Map(changed.map((operation) => [operation, worse(seen.get(operation), wished[operation])]));
}

/** The worse of both; of two that are alike the newer, since when the older began. */
function worse(older: Trouble | undefined, newer: Trouble | undefined): Trouble | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  if (older.light === newer.light) return { ...newer, sinceMs: older.sinceMs };
  return BADNESS[older.light] > BADNESS[newer.light] ? older : newer;
}

/**
 * What is left of a time. After a clock was set back by less than that, the whole of it; by more, nothing: so the clock
 * never makes it more than twice as long.
 */
export function remainingMs(startMs: number, lengthMs: number, nowMs: number): number {
  return startMs - nowMs > lengthMs ? 0 : Math.min(lengthMs, Math.max(0, startMs + lengthMs - nowMs));
}
