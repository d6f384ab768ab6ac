import { entriesOf, mapLights } from '../status/map-operations.js';
import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { OperationState } from '../status/tracker.js';
import { type HeadlineState, headlineOf } from '../words/headline.js';
import { NO_WORKLOADS_REPORTED, type WorkloadAlertState } from '../workloads/decide-workload-alerts.js';
import type { Change, Notice, Trouble } from './notice.js';
import { remainingMs } from './remaining.js';
import type { AlertRules, Chain } from './rules.js';
import { countTroubles, differ, firingIn, isKnown, type Seen, seenWith, type Troubles } from './troubles.js';

export const HOUR_MS = 3_600_000;

export interface AlertState {
  /** The troubles of which messages were sent. */
  readonly reported: Troubles;
  /** The troubles of which messages would have been sent without the hourly limit. */
  readonly decided: Troubles;
  /** When the group wait began, with the first change of the group. */
  readonly groupingSinceMs: number | undefined;
  /** The operations of the group, each with its worst trouble since its change. */
  readonly seen: Seen;
  /** When the last alerts were sent, about workloads as well, oldest first; as many as may be sent in an hour. */
  readonly sentAtMs: readonly number[];
  /** When the last one about lights was. */
  readonly lightsSentAtMs: number | undefined;
  /** Alerts about lights that the hourly limit has suppressed since the last one that was sent. */
  readonly suppressed: number;
  readonly workloads: WorkloadAlertState;
}

export interface Decision {
  readonly state: AlertState;
  readonly notice?: Notice;
  /** Decide again after this time, even if no light changes; undefined: only when one does. */
  readonly waitMs: number | undefined;
}

export const NOTHING_REPORTED: AlertState = {
  reported: {},
  decided: {},
  groupingSinceMs: undefined,
  seen: new Map(),
  sentAtMs: [],
  lightsSentAtMs: undefined,
  suppressed: 0,
  workloads: NO_WORKLOADS_REPORTED,
};

/**
 * Compares the lights with what has been reported, instead of following transitions: an alert that could not be sent,
 * because of the hourly limit or a restart, is followed by one about the state at that time.
 */
export function decide(state: AlertState, chain: Chain, nowMs: number, rules: AlertRules): Decision {
  const { firing, waits } = firingIn(state.decided, chain, nowMs, rules);
  // A light that flaps is rarely at its worst in the moment in which the group wait ends.
  const seen = unmuted(seenWith(state, firing), rules);
  const groupingSinceMs = seen.size > 0 ? (state.groupingSinceMs ?? nowMs) : undefined;
  const groupWaitMs =
    groupingSinceMs === undefined ? 0 : remainingMs(groupingSinceMs, rules.groupWaitMs, nowMs);
  if (groupWaitMs > 0)
    return { state: { ...state, groupingSinceMs, seen }, waitMs: shortest([groupWaitMs, ...waits]) };
  const decided: Troubles = { ...firing, ...Object.fromEntries(seen) };
  const changed = differ(decided, state.decided);
  const { waitMs, ...decision } = settle(state, { decided, changed }, { chain, nowMs, rules });
  const next = seenWith({ decided, seen: new Map() }, firing);
  if (next.size === 0) return { ...decision, waitMs: shortest([waitMs, ...waits]) };
  // The state is better by now than reported: that begins the next group.
  const nextState = { ...decision.state, groupingSinceMs: nowMs, seen: next };
  return { ...decision, state: nextState, waitMs: shortest([waitMs, rules.groupWaitMs, ...waits]) };
}

/** A change of what is muted by now is awaited anew after that. */
function unmuted(seen: Seen, { muting }: AlertRules): Seen {
  return new Map([...seen].filter(([operation]) => !muting?.lights.has(operation)));
}

interface Moment {
  readonly chain: Chain;
  readonly nowMs: number;
  readonly rules: AlertRules;
}

/** Sends what has been decided, if there is anything to send and the hourly limit allows it. */
function settle(
  before: AlertState,
  { decided, changed }: { readonly decided: Troubles; readonly changed: boolean },
  { chain, nowMs, rules }: Moment,
): Decision {
  const moment = { chain, nowMs, rules };
  const limitMs = untilAllowed(before.sentAtMs, nowMs, rules);
  const suppressed = before.suppressed + (changed && limitMs > 0 ? 1 : 0);
  const settled = { ...before, decided, groupingSinceMs: undefined, seen: new Map(), suppressed };
  const wantedMs = isOwed(settled, moment) ? 0 : untilRepeat(settled, moment);
  if (wantedMs !== 0 || limitMs > 0)
    return { state: settled, waitMs: wantedMs === undefined ? undefined : Math.max(limitMs, wantedMs) };
  const sentAtMs = withSent(before.sentAtMs, nowMs, rules);
  const reported = reportedNow(settled, moment);
  const state = { ...settled, reported, sentAtMs, lightsSentAtMs: nowMs, suppressed: 0 };
  return { state, notice: makeNotice(before, state, moment), waitMs: untilRepeat(state, moment) };
}

/** Whether something is to be said that was not. What the hourly limit suppressed before a maintenance is said after it. */
function isOwed({ reported, decided, suppressed }: AlertState, moment: Moment): boolean {
  if (differ(decided, reported)) return differ(reportedNow({ reported, decided }, moment), reported);
  return suppressed > 0 && !isAllKept(decided, moment);
}

/** Whether nothing is sent about a light now: it is muted, or not known. */
function isKept(operation: LightId, { chain, rules }: Moment): boolean {
  return rules.muting?.lights.has(operation) === true || !isKnown(chain[operation]);
}

/** What is reported with a message of now: of what is muted or not known, nothing new. */
function reportedNow(
  { reported, decided }: Pick<AlertState, 'reported' | 'decided'>,
  moment: Moment,
): Troubles {
  const said = LIGHT_IDS.map((id) => [id, isKept(id, moment) ? reported[id] : decided[id]] as const);
  return Object.fromEntries(said.filter(([, trouble]) => trouble !== undefined));
}

/** Whether there is trouble, and nothing is sent about any of it. */
function isAllKept(decided: Troubles, moment: Moment): boolean {
  const troubled = LIGHT_IDS.filter((operation) => decided[operation] !== undefined);
  return troubled.length > 0 && troubled.every((operation) => isKept(operation, moment));
}

function makeNotice(before: AlertState, { reported, decided }: AlertState, moment: Moment): Notice {
  const { chain, nowMs, rules } = moment;
  const changes = LIGHT_IDS.map((operation): Change | undefined => {
    const was = before.reported[operation];
    const is = reported[operation];
    if (is !== undefined && is.light !== was?.light)
      return { operation, kind: 'started', trouble: is, untilMs: null };
    if (is === undefined && was !== undefined)
      return { operation, kind: 'ended', trouble: was, untilMs: endOf(was, chain[operation], nowMs) };
    return undefined;
  }).filter((change) => change !== undefined);
  const states = mapLights(chain, (state, id) => asReported(state, decided[id]));
  const { text: headline, likelyCause } = headlineOf(states, rules.ageLimitMs, rules.muting?.lights);
  return {
    atMs: nowMs,
    headline,
    likelyCause,
    changes: changes.length > 0 ? changes : lasting(decided, moment),
    chain: entriesOf(chain).map(([operation, { light }]) => ({ operation, light })),
    failing: countTroubles(reported),
    heldBack: before.suppressed,
  };
}

/** A light that is green again by now, but is reported as it was. */
function asReported(state: OperationState, trouble: Trouble | undefined): HeadlineState {
  if (trouble === undefined || state.light !== 'green') return state;
  return { light: trouble.light, heartbeat: trouble, ageMs: 0 };
}

function endOf(trouble: Trouble, state: OperationState | undefined, nowMs: number): number {
  const sinceMs = state?.sinceMs;
  return sinceMs !== undefined && sinceMs >= trouble.sinceMs ? sinceMs : nowMs;
}

function lasting(decided: Troubles, moment: Moment): Change[] {
  return LIGHT_IDS.flatMap((operation) => {
    const trouble = decided[operation];
    return trouble === undefined || isKept(operation, moment)
      ? []
      : [{ operation, kind: 'continues' as const, trouble, untilMs: null }];
  });
}

/** Milliseconds until the alert is repeated; undefined: it is not. */
function untilRepeat(state: AlertState, moment: Moment): number | undefined {
  const { repeatIntervalMs } = moment.rules;
  const lastMs = state.lightsSentAtMs;
  const lasts = LIGHT_IDS.some(
    (operation) => state.decided[operation] !== undefined && !isKept(operation, moment),
  );
  return repeatIntervalMs === 0 || lastMs === undefined || !lasts
    ? undefined
    : remainingMs(lastMs, repeatIntervalMs, moment.nowMs);
}

/** The times of the last messages with one more. */
export function withSent(sentAtMs: readonly number[], nowMs: number, { maxPerHour }: AlertRules): number[] {
  return [...sentAtMs, nowMs].slice(-maxPerHour);
}

/** Milliseconds until the hourly limit allows another message. */
export function untilAllowed(sentAtMs: readonly number[], nowMs: number, { maxPerHour }: AlertRules): number {
  const waits = sentAtMs.map((atMs) => remainingMs(atMs, HOUR_MS, nowMs)).filter((waitMs) => waitMs > 0);
  return waits.length < maxPerHour ? 0 : (waits.at(-maxPerHour) ?? 0);
}

/** The shortest of some waits, in milliseconds; undefined when there is none. */
export function shortest(waits: readonly (number | undefined)[]): number | undefined {
  const known = waits.filter((waitMs) => waitMs !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
