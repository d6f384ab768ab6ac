import { type Logger, OK } from '@podips/shared';
import { ALWAYS_ATTENTIVE, type Attention } from './attention.js';
import { type Light, lightOf } from './lights.js';
import { createListeners } from './listeners.js';
import { entriesOf, mapLights, mapOperations } from './map-operations.js';
import type { Heartbeat, LightId, PerLight, StatusStore } from './statuses.js';

/** The change of a light from one colour to another. */
export interface Transition {
  readonly operation: LightId;
  readonly from: Light;
  readonly to: Light;
  /** The time of the heartbeat, the moment in which the last one became too old, or that in which the light was not known any more. */
  readonly atMs: number;
  /** The last heartbeat at that time. */
  readonly heartbeat: Heartbeat | undefined;
}

export interface OperationState {
  readonly light: Light;
  /** undefined: since before the history began. */
  readonly sinceMs: number | undefined;
  readonly heartbeat: Heartbeat | undefined;
  /** Milliseconds since the heartbeat came, on a monotonic clock; 0 without one. */
  readonly ageMs: number;
}

/** Follows the lights of the four operations, and of the ledger if there is one, through heartbeats and through time that passes without any. */
export interface Tracker {
  /** Stores a heartbeat and updates its light. Returns at once, never throws. */
  receive(heartbeat: Heartbeat): void;
  states(): PerLight<OperationState>;
  /** Calls the listener after each heartbeat and the transition that it may make. */
  onHeartbeat(listener: (heartbeat: Heartbeat) => void): void;
  /** Calls the listener after each transition; a listener that throws is logged and affects no other listener. */
  onTransition(listener: (transition: Transition) => void): void;
  /** Looks at what is overdue. */
  check(): void;
  stop(): void;
}

/** The light that was on last, according to a history. */
export type LastLight = Pick<OperationState, 'light' | 'sinceMs'>;

export interface TrackerOptions {
  /** Has the heartbeats of an earlier run, and takes the new ones. */
  readonly store: Pick<StatusStore, 'latest' | 'record'>;
  readonly now: () => number;
  readonly ageLimitMs: number;
  readonly log: Logger;
  /** Milliseconds of a monotonic clock, by which heartbeats age: a clock of the machine that is set makes none older or younger. */
  readonly monotonicMs?: () => number;
  /**
   * The last light of an earlier run; undefined: it never received a heartbeat. Where the store differs by now, there is
   * a transition, late enough for listeners to be added. Without it, lights begin as the store has them.
   */
  readonly before?: (id: LightId) => LastLight | undefined;
  /** Since when silence counts; without it, since ever. */
  readonly attention?: Attention;
  /** For how long earlier runs listened since then, without what was before an interruption that was longer than the gap. */
  readonly watchedMs?: (sinceMs: number, maxGapMs: number) => number;
  /** Whether there is a ledger. Its light follows from what is known of it, however old. */
  readonly hasLedger?: boolean;
  /**
   * Whether there is work that is not done, or not in time; looked at with each heartbeat, and by `check`. undefined: that
   * is not known, as after a start; a light that is yellow for it, also since an earlier run, stays so.
   */
  readonly isOverdue?: (id: LightId) => boolean | undefined;
}

interface Followed {
  state: Omit<OperationState, 'ageMs'>;
  /** When the last heartbeat came, on the monotonic clock. */
  heartbeatAtMs: number;
  /** What it says is at least as young as this. */
  fresh: Fresh;
  /** It is yellow though its last heartbeat is young, for work that is overdue. */
  isEarly: boolean;
}

interface Fresh {
  readonly monotonicMs: number;
  readonly wallMs: number;
  /** What the monitor had listened to in all by then; -Infinity: it is known that none came since. */
  readonly totalMs: number;
}

/**
 * A report may fall into a time in which the monitor did not listen. So where such times lie between, silence counts only
 * after so many age limits that it listened to; and what was before one that is longer than that says nothing any more.
 */
const LIMITS_IN_PIECES = 2;

/** Follows the lights from the heartbeats of the store on. */
export function createTracker(options: TrackerOptions): Tracker {
  const { store, now, ageLimitMs, log, monotonicMs = () => performance.now() } = options;
  const { isOverdue = () => false, hasLedger = false, attention = ALWAYS_ATTENTIVE } = options;
  const heartbeats = createListeners<Heartbeat>(log);
  const transitions = createListeners<Transition>(log);
  const piecesMs = LIMITS_IN_PIECES * ageLimitMs;
  const first = (id: LightId) => firstOf(id, options, monotonicMs());
  const followed: PerLight<Followed> = {
    ...mapOperations(first),
    ...(hasLedger ? { ledger: first('ledger') } : {}),
  };
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** When the monitor began to stand still for the last time. */
  let stoodStillMs = 0;

  /** How much longer the monitor must listen before silence counts. */
  const untilProvenMs = ({ fresh }: Followed) =>
    Math.min(ageLimitMs - attention.listenedMs(), piecesMs - (attention.totalMs() - fresh.totalMs));
  /** Whether a heartbeat is so old that later ones should have come, and may have while the monitor did not listen. */
  const isMissed = (one: Followed) => {
    if (one.state.heartbeat === undefined || untilProvenMs(one) < 0) return false;
    // The monotonic clock may have stood still with the machine.
    return Math.max(monotonicMs() - one.fresh.monotonicMs, now() - one.fresh.wallMs) > ageLimitMs;
  };
  const lightNow = (one: Followed, id: LightId) => {
    const last = seen(one, monotonicMs());
    if (isMissed(one)) return { light: 'grey' as const, isEarly: false };
    // A failure at Fluentd keeps the writer from reading more.
    const isHeldUp = id === 'queue/read' && followed.log.state.light === 'red';
    const limitMs = id === 'ledger' ? Infinity : ageLimitMs;
    const light = lightOf({ ...last, isOverdue: !isHeldUp && (isOverdue(id) ?? one.isEarly) }, limitMs);
    return { light, isEarly: light === 'yellow' && last.ageMs <= limitMs };
  };
  const update = (operation: LightId, one: Followed) => {
    const { light: from, heartbeat } = one.state;
    const { isEarly: wasEarly } = one;
    const { light: to, isEarly } = lightNow(one, operation);
    one.isEarly = isEarly;
    if (to === 'yellow' && !isEarly) one.fresh = { ...one.fresh, totalMs: -Infinity };
    if (to === from) return;
    // What was overdue until now was so long after the last heartbeat.
    const atMs = isEarly || wasEarly ? now() : transitionTime(to, one.state, now(), ageLimitMs);
    one.state = { light: to, sinceMs: atMs, heartbeat };
    transitions.call({ operation, from, to, atMs, heartbeat });
  };
  const updateAll = () => {
    for (const [id, one] of entriesOf(followed)) update(id, one);
  };
  /** One timer for all: it fires no later than the next transition, and is set again if that was too early. */
  const schedule = () => {
    if (stopped || timer !== undefined) return;
    const delays = entriesOf(followed).map(([id, one]) => {
      const { light } = lightNow(one, id);
      if (light !== one.state.light) return 0;
      if (light === 'grey' && one.state.heartbeat !== undefined)
        return Math.max(0, Math.ceil(untilProvenMs(one))) + 1;
      return light === 'green' && id !== 'ledger'
        ? Math.ceil(one.heartbeatAtMs + ageLimitMs - monotonicMs()) + 1
        : Infinity;
    });
    const delayMs = Math.min(...delays);
    // Only a heartbeat can make the next transition.
    if (delayMs === Infinity) return;
    timer = setTimeout(() => {
      timer = undefined;
      updateAll();
      schedule();
    }, delayMs);
    timer.unref();
  };
  schedule();
  attention.onStandstill(({ fromMs, toMs }) => {
    if (stopped) return;
    stoodStillMs = fromMs;
    if (toMs - fromMs > piecesMs)
      for (const [, one] of entriesOf(followed)) one.fresh = { ...one.fresh, totalMs: attention.totalMs() };
    updateAll();
    schedule();
  });

  return {
    states() {
      attention.look();
      const nowMs = monotonicMs();
      return mapLights(followed, (one) => ({ ...one.state, ...seen(one, nowMs) }));
    },
    receive(heartbeat) {
      const one = followed[heartbeat.operation];
      if (one === undefined) return;
      // What waited for the monitor came after it began to stand still.
      const waitedMs = attention.isCatchingUp() ? Math.max(0, now() - stoodStillMs) : 0;
      const [nowMs, wallMs] = [monotonicMs(), now() - waitedMs];
      store.record(heartbeat);
      one.state = { ...one.state, heartbeat };
      one.heartbeatAtMs = nowMs;
      one.fresh = { monotonicMs: nowMs - waitedMs, wallMs, totalMs: attention.totalMs() };
      // Only what is known is said against a heartbeat.
      if (heartbeat.code === OK && isOverdue(heartbeat.operation) === undefined) one.isEarly = false;
      update(heartbeat.operation, one);
      schedule();
      heartbeats.call(heartbeat);
    },
    onHeartbeat: heartbeats.add,
    onTransition: transitions.add,
    check() {
      attention.look();
      if (!stopped) updateAll();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function firstOf(operation: LightId, options: TrackerOptions, monotonicMs: number): Followed {
  const { store, now, ageLimitMs, before, attention = ALWAYS_ATTENTIVE, watchedMs = () => 0 } = options;
  const heartbeat = store.latest()[operation];
  const last = before?.(operation);
  // A time in the future, from a clock that was wrong, makes it as old as it is ahead.
  const ageMs = heartbeat === undefined ? 0 : Math.abs(now() - heartbeat.receivedAtMs);
  const light = before === undefined ? lightOf({ heartbeat, ageMs }, ageLimitMs) : (last?.light ?? 'grey');
  const limitMs = operation === 'ledger' ? Infinity : ageLimitMs;
  // The ledger has heartbeats while it is yellow; what they found is not known any more.
  const isSince = operation === 'ledger' || (heartbeat?.receivedAtMs ?? 0) <= (last?.sinceMs ?? -Infinity);
  const isEarly = light === 'yellow' && heartbeat?.code === OK && ageMs <= limitMs && isSince;
  const heartbeatAtMs = monotonicMs - ageMs;
  const wallMs = heartbeat?.receivedAtMs ?? -Infinity;
  const watched = heartbeat === undefined ? 0 : watchedMs(wallMs, LIMITS_IN_PIECES * ageLimitMs);
  // It was silent for long enough before.
  const isSilent = light === 'yellow' && !isEarly && isSince && watched > 0;
  const fresh = {
    monotonicMs: heartbeatAtMs,
    wallMs,
    totalMs: isSilent ? -Infinity : attention.totalMs() - watched,
  };
  return { state: { light, sinceMs: last?.sinceMs, heartbeat }, heartbeatAtMs, fresh, isEarly };
}

function seen({ state: { heartbeat }, heartbeatAtMs }: Followed, monotonicMs: number) {
  return { heartbeat, ageMs: heartbeat === undefined ? 0 : monotonicMs - heartbeatAtMs };
}

/** The time of a transition on the wall clock; never later than now. */
function transitionTime(to: Light, before: Followed['state'], nowMs: number, ageLimitMs: number): number {
  const { light: from, heartbeat, sinceMs = -Infinity } = before;
  if (heartbeat === undefined || to === 'grey') return nowMs;
  // It was followed no more for a while, in which nothing is known.
  if (from === 'grey' && heartbeat.receivedAtMs <= sinceMs) return nowMs;
  const momentMs = to === 'yellow' ? heartbeat.receivedAtMs + ageLimitMs : heartbeat.receivedAtMs;
  // The heartbeat may be older than the light before it, when later ones could not be saved.
  return Math.min(Math.max(momentMs, sinceMs), nowMs);
}
