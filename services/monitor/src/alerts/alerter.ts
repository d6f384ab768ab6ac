import { isDeepStrictEqual } from 'node:util';
import type { Announcements } from '../announcements/announcements.js';
import { mutingAt, nextChangeMs } from '../announcements/muting.js';
import type { Tracker } from '../status/tracker.js';
import type { Workloads } from '../workloads/workloads.js';
import { type AlertState, shortest } from './decide.js';
import { decideBoth } from './decide-both.js';
import type { Notice } from './notice.js';
import type { AllAlertRules } from './rules.js';

export interface AlerterOptions {
  readonly tracker: Tracker;
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
    const decision = decideBoth(state, facts, nowMs, { ...rules, muting: mutingAt(entries, nowMs) });
    suppressed += Math.max(0, suppressedIn(decision.state) - suppressedIn(state));
    const isChanged = !isDeepStrictEqual(state, decision.state);
    state = decision.state;
    if (isChanged) onState(state);
    for (const notice of decision.notices) send(notice);
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
