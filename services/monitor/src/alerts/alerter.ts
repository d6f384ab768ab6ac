import { isDeepStrictEqual } from 'node:util';
import type { Announcements } from '../announcements/announcements.js';
import { mutingAt, nextChangeMs } from '../announcements/muting.js';
import type { History } from '../history/history.js';
import { ALWAYS_ATTENTIVE, type Attention } from '../status/attention.js';
import type { Tracker } from '../status/tracker.js';
import type { Workloads } from '../workloads/workloads.js';
import { type AlertState, shortest } from './decide.js';
import { decideBoth } from './decide-both.js';
import type { Change, Notice } from './notice.js';
import type { AllAlertRules } from './rules.js';

export interface AlerterOptions {
  readonly tracker: Tracker;
  /** Knows what of a trouble was watched. */
  readonly history: Pick<History, 'extent'>;
  /** Since when silence counts. */
  readonly attention?: Attention;
  /** Undefined without a database. */
  readonly workloads: Pick<Workloads, 'facts' | 'onNews'> | undefined;
  /** Planned maintenance, in which no alerts are sent. */
  readonly announcements: Pick<Announcements, 'entries' | 'onNews'>;
  /** The cluster whose workloads make alerts. */
  readonly cluster: string;
  readonly rules: AllAlertRules;
  readonly now: () => number;
  /** The alerts that earlier runs sent. */
  readonly state: AlertState;
  readonly onState: (state: AlertState) => void;
  readonly send: (notice: Notice) => void;
}

export interface Alerter {
  /** Alerts that the hourly limit suppressed since the start. */
  readonly suppressed: number;
  stop(): void;
}

/** Alerts that the hourly limit has suppressed since the last ones that were sent. */
export function suppressedIn({ suppressed, workloads }: AlertState): number {
  return suppressed + workloads.suppressed;
}

const MAX_TIMER_MS = 86_400_000;

/** Decides after each transition, when workloads were counted, and when the wait of the last decision is over. */
export function startAlerter(options: AlerterOptions): Alerter {
  const { tracker, workloads, announcements, cluster, rules, now, state: before, onState, send } = options;
  const { history, attention = ALWAYS_ATTENTIVE } = options;
  let state = before;
  let suppressed = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const look = () => {
    if (stopped) return;
    clearTimeout(timer);
    const facts = { chain: tracker.states(), workloads: workloads?.facts(cluster) };
    const nowMs = now();
    const entries = announcements.entries();
    const startedAtMs = Math.max(rules.startedAtMs, attention.sinceMs);
    const moment = { ...rules, startedAtMs, muting: mutingAt(entries, nowMs) };
    const decision = decideBoth(state, facts, nowMs, moment);
    suppressed += Math.max(0, suppressedIn(decision.state) - suppressedIn(state));
    const isChanged = !isDeepStrictEqual(state, decision.state);
    state = decision.state;
    if (isChanged) onState(state);
    for (const notice of decision.notices) send(withExtents(notice, history));
    const changeMs = nextChangeMs(entries, nowMs);
    const waitMs = shortest([decision.waitMs, changeMs === undefined ? undefined : changeMs - nowMs]);
    if (waitMs !== undefined) timer = setTimeout(look, Math.min(waitMs, MAX_TIMER_MS));
  };
  tracker.onTransition(look);
  workloads?.onNews(look);
  announcements.onNews(look);
  look();
  return {
    get suppressed() {
      return suppressed;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** The notice with how much of each trouble was watched. */
function withExtents(notice: Notice, history: AlerterOptions['history']): Notice {
  const changes = notice.changes.map((change): Change => {
    const { operation, trouble, untilMs } = change;
    // Nothing was ever received of it, so that the history has nothing.
    if (trouble.light === 'grey') return change;
    return { ...change, extent: history.extent(operation, trouble.sinceMs, untilMs ?? undefined) };
  });
  return { ...notice, changes };
}
