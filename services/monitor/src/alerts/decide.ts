import { OPERATIONS } from '@podips/shared';
import { mapOperations } from '../status/map-operations.js';
import type { OperationState } from '../status/tracker.js';
import { type HeadlineState, headlineOf } from '../words/headline.js';
import type { Change, Notice, Trouble } from './notice.js';
import type { AlertRules, Chain } from './rules.js';
import { differ, remainingMs, type Seen, seenWith, type Troubles, wishesFor } from './troubles.js';

export const HOUR_MS = 3_600_000;

export interface AlertState {
  /** What people know to be out of order. */
  readonly told: Troubles;
  /** What they would know without the hourly limit. */
  readonly decided: Troubles;
  /** When the first of the changes was seen that wait for others. */
  readonly collectingSinceMs: number | undefined;
  /** The operations that have changed since then, each with the worst that was seen of it from its change on. */
  readonly seen: Seen;
  /** When the last alerts were sent, oldest first; as many as may be sent in an hour. */
  readonly sentAtMs: readonly number[];
  /** How many alerts the hourly limit has held back since the last one that was sent. */
  readonly heldBack: number;
}

export interface Decision {
  readonly state: AlertState;
  readonly notice?: Notice;
  /** Decide again after this time, even if no light changes; undefined: only when one does. */
  readonly waitMs: number | undefined;
}

export const NOTHING_TOLD: AlertState = {
  told: {},
  decided: {},
  collectingSinceMs: undefined,
  seen: new Map(),
  sentAtMs: [],
  heldBack: 0,
};

/**
 * Compares the lights with what people were told, instead of following changes: so an alert that could not be sent,
 * because of the hourly limit or a restart, is made up for by whatever is true by then.
 */
export function decide(state: AlertState, chain: Chain, nowMs: number, rules: AlertRules): Decision {
  const { wished, holds } = wishesFor(state.decided, chain, nowMs, rules);
  // A light that flaps is rarely seen at its worst in the moment in which the time is over.
  const seen = seenWith(state, wished);
  const collectingSinceMs = seen.size > 0 ? (state.collectingSinceMs ?? nowMs) : undefined;
  const collectMs =
    collectingSinceMs === undefined ? 0 : remainingMs(collectingSinceMs, rules.collectMs, nowMs);
  if (collectMs > 0)
    return { state: { ...state, collectingSinceMs, seen }, waitMs: shortest([collectMs, ...holds]) };
  const decided: Troubles = { ...wished, ...Object.fromEntries(seen) };
  const changed = differ(decided, state.decided);
  const { waitMs, ...decision } = settle(state, { decided, changed }, { chain, nowMs, rules });
  const next = seenWith({ decided, seen: new Map() }, wished);
  if (next.size === 0) return { ...decision, waitMs: shortest([waitMs, ...holds]) };
  // It is better by now than what was told: that is collected in turn.
  const nextState = { ...decision.state, collectingSinceMs: nowMs, seen: next };
  return { ...decision, state: nextState, waitMs: shortest([waitMs, rules.collectMs, ...holds]) };
}

interface Moment {
  readonly chain: Chain;
  readonly nowMs: number;
  readonly rules: AlertRules;
}

/** Tells people what has been decided, if there is anything to tell and the hourly limit allows it. */
function settle(
  before: AlertState,
  { decided, changed }: { readonly decided: Troubles; readonly changed: boolean },
  { chain, nowMs, rules }: Moment,
): Decision {
  const settled = { ...before, decided, collectingSinceMs: undefined, seen: new Map() };
  const reminderMs = untilReminder(settled, nowMs, rules);
  const limitMs = untilAllowed(before.sentAtMs, nowMs, rules);
  if (limitMs > 0) {
    const heldBack = before.heldBack + (changed ? 1 : 0);
    const wantedMs = heldBack > 0 ? 0 : reminderMs;
    const waitMs = wantedMs === undefined ? undefined : Math.max(limitMs, wantedMs);
    return { state: { ...settled, heldBack }, waitMs };
  }
  if (!changed && before.heldBack === 0 && reminderMs !== 0) return { state: settled, waitMs: reminderMs };
  const sentAtMs = [...before.sentAtMs, nowMs].slice(-rules.maxPerHour);
  const state = { ...settled, told: decided, sentAtMs, heldBack: 0 };
  return {
    state,
    notice: makeNotice(before, decided, { chain, nowMs, rules }),
    waitMs: untilReminder(state, nowMs, rules),
  };
}

function makeNotice(before: AlertState, decided: Troubles, { chain, nowMs, rules }: Moment): Notice {
  const changes = OPERATIONS.map((operation): Change | undefined => {
    const was = before.told[operation];
    const is = decided[operation];
    if (is !== undefined && is.light !== was?.light)
      return { operation, kind: 'started', trouble: is, untilMs: null };
    if (is === undefined && was !== undefined)
      return { operation, kind: 'ended', trouble: was, untilMs: endOf(was, chain[operation], nowMs) };
    return undefined;
  }).filter((change) => change !== undefined);
  const told = mapOperations((operation) => asTold(chain[operation], decided[operation]));
  const { text: headline, likelyCause } = headlineOf(told, rules.ageLimitMs);
  return {
    atMs: nowMs,
    headline,
    likelyCause,
    changes: changes.length > 0 ? changes : lasting(decided),
    chain: OPERATIONS.map((operation) => ({ operation, light: chain[operation].light })),
    heldBack: before.heldBack,
  };
}

/** A light that is green again by now, but is told of, as it was. */
function asTold(state: OperationState, trouble: Trouble | undefined): HeadlineState {
  if (trouble === undefined || state.light !== 'green') return state;
  return { light: trouble.light, heartbeat: trouble, ageMs: 0 };
}

function endOf(trouble: Trouble, { sinceMs }: OperationState, nowMs: number): number {
  return sinceMs !== undefined && sinceMs >= trouble.sinceMs ? sinceMs : nowMs;
}

function lasting(decided: Troubles): Change[] {
  return OPERATIONS.flatMap((operation) => {
    const trouble = decided[operation];
    return trouble === undefined ? [] : [{ operation, kind: 'continues' as const, trouble, untilMs: null }];
  });
}

/** How long until the next reminder; undefined: there is none. */
function untilReminder(state: AlertState, nowMs: number, { reminderMs }: AlertRules): number | undefined {
  const lastMs = state.sentAtMs.at(-1);
  const lasts = OPERATIONS.some((operation) => state.decided[operation] !== undefined);
  return reminderMs === 0 || lastMs === undefined || !lasts
    ? undefined
    : remainingMs(lastMs, reminderMs, nowMs);
}

function untilAllowed(sentAtMs: readonly number[], nowMs: number, { maxPerHour }: AlertRules): number {
  const waits = sentAtMs.map((atMs) => remainingMs(atMs, HOUR_MS, nowMs)).filter((waitMs) => waitMs > 0);
  return waits.length < maxPerHour ? 0 : (waits.at(-maxPerHour) ?? 0);
}

function shortest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((waitMs) => waitMs !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
