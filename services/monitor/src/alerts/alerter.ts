import type { Tracker } from '../status/tracker.js';
import { type AlertState, decide } from './decide.js';
import type { Notice } from './notice.js';
import type { AlertRules } from './rules.js';

export interface AlerterOptions {
  readonly tracker: Tracker;
  readonly rules: AlertRules;
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

const MAX_TIMER_MS = 86_400_000;

/** Decides after each transition, and when the wait of the last decision is over. */
export function startAlerter({ tracker, rules, now, state: before, onState, send }: AlerterOptions): Alerter {
  let state = before;
  let suppressed = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const look = () => {
    if (stopped) return;
    clearTimeout(timer);
    const decision = decide(state, tracker.states(), now(), rules);
    suppressed += Math.max(0, decision.state.suppressed - state.suppressed);
    state = decision.state;
    onState(state);
    if (decision.notice !== undefined) send(decision.notice);
    if (decision.waitMs !== undefined) timer = setTimeout(look, Math.min(decision.waitMs, MAX_TIMER_MS));
  };
  tracker.onTransition(look);
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
