import { entriesOf } from '../status/map-operations.js';
import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { OperationState } from '../status/tracker.js';
import type { Trouble } from './notice.js';
import { remainingMs } from './remaining.js';
import type { AlertRules, Chain } from './rules.js';

export type Troubles = Readonly<Partial<Record<LightId, Trouble>>>;

/** The troubles seen in some operations; undefined: none. */
export type Seen = ReadonlyMap<LightId, Trouble | undefined>;

/** The alert that should fire for one operation, and how long until that changes by itself. */
interface Firing {
  readonly trouble: Trouble | undefined;
  readonly waitMs: number;
}

/**
 * The alerts that should fire for the chain, given those that do.
 * @returns the waits as well, after which that changes by itself
 */
export function firingIn(
  decided: Troubles,
  chain: Chain,
  nowMs: number,
  rules: AlertRules,
): { readonly firing: Troubles; readonly waits: readonly number[] } {
  const isAnyReceived = entriesOf(chain).some(
    ([id, { heartbeat }]) => id !== 'ledger' && heartbeat !== undefined,
  );
  const all = entriesOf(chain).map(([operation, state]) => {
    const known = decided[operation];
    if (rules.muting?.lights.has(operation)) return { operation, trouble: known, waitMs: 0 };
    const isMissing = isAnyReceived && operation !== 'ledger' && state.heartbeat === undefined;
    const one = isMissing ? missing(known, nowMs, rules) : firingOf(known, state, nowMs, rules);
    return { operation, ...one };
  });
  return {
    firing: Object.fromEntries(all.map(({ operation, trouble }) => [operation, trouble])),
    waits: all.map(({ waitMs }) => waitMs).filter((waitMs) => waitMs > 0),
  };
}

function firingOf(
  known: Trouble | undefined,
  { light, sinceMs, heartbeat }: OperationState,
  nowMs: number,
  rules: AlertRules,
): Firing {
  if (light === 'green') return { trouble: undefined, waitMs: 0 };
  if (light === 'grey' || heartbeat === undefined) return { trouble: known, waitMs: 0 };
  const startMs = sinceMs ?? heartbeat.receivedAtMs;
  // Silence makes a light yellow only after the monitor has listened for long enough.
  const waitMs = light === 'red' ? remainingMs(Math.max(startMs, rules.startedAtMs), rules.forMs, nowMs) : 0;
  if (known?.light !== light && waitMs > 0) return { trouble: known, waitMs };
  const { code, message, host } = heartbeat;
  return { trouble: { light, sinceMs: known?.sinceMs ?? startMs, code, message, host }, waitMs: 0 };
}

/** The same for an operation without any heartbeat, while others have some. */
function missing(known: Trouble | undefined, nowMs: number, { startedAtMs, ageLimitMs }: AlertRules): Firing {
  const waitMs = known === undefined ? remainingMs(startedAtMs, ageLimitMs, nowMs) : 0;
  if (known !== undefined || waitMs > 0) return { trouble: known, waitMs };
  const trouble: Trouble = { light: 'grey', sinceMs: startedAtMs, code: 0, message: '', host: '' };
  return { trouble, waitMs: 0 };
}

/** Whether it is known how an operation is; a grey light with a heartbeat is one that the monitor has missed later ones of. */
export function isKnown(state: OperationState | undefined): boolean {
  return state?.light !== 'grey' || state.heartbeat === undefined;
}

/** Whether the lights of both are not the same. */
export function differ(some: Troubles, others: Troubles): boolean {
  return LIGHT_IDS.some((operation) => some[operation]?.light !== others[operation]?.light);
}

/** The number of operations that do not work. */
export function countTroubles(troubles: Troubles): number {
  return LIGHT_IDS.filter((operation) => troubles[operation] !== undefined).length;
}

const BADNESS: Readonly<Record<Trouble['light'], number>> = { grey: 0, yellow: 1, red: 2 };

/** Adds the alerts that should fire now to what was seen of operations that have changed. */
export function seenWith({ decided, seen }: { decided: Troubles; seen: Seen }, firing: Troubles): Seen {
  const changed = LIGHT_IDS.filter(
    (operation) => seen.has(operation) || firing[operation]?.light !== decided[operation]?.light,
  );
  return new Map(changed.map((operation) => [operation, worse(seen.get(operation), firing[operation])]));
}

/** The worse of both; of two that are alike the newer, since when the older began. */
function worse(older: Trouble | undefined, newer: Trouble | undefined): Trouble | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  if (older.light === newer.light) return { ...newer, sinceMs: older.sinceMs };
  return BADNESS[older.light] > BADNESS[newer.light] ? older : newer;
}
