import type { Tracker } from '../status/tracker.js';
import { type AlertState, decide } from './decide.js';
import type { Notice } from './notice.js';
import type { AlertRules } from './rules.js';

export interface AlerterOptions {
  readonly tracker: Tracker;
  readonly rules: AlertRules;
  readonly now: () => number;
  /** What earlier runs told people. */
  readonly state: AlertState;
  readonly onState: (state: AlertState) => void;
  readonly tell: (notice: Notice) => void;
}

export interface Alerter {
  /** Alerts that the hourly limit held back since the start. */
  readonly heldBack: number;
  stop(): void;
}

const MAX_TIMER_MS = 86_400_000;

/** Decides anew whenever a light changes, and when the last decision said that time changes something by itself. */
export function startAlerter({ tracker, rules, now, state: before, onState, tell }: AlerterOptions): Alerter {
  let state = before;
  let heldBack = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const look = () => {
    if (stopped) return;
    clearTimeout(timer);
    const decision = decide(state, tracker.states(), now(), rules);
    heldBack += Math.max(0, decision.state.heldBack - state.heldBack);
    state = decision.state;
    onState(state);
    if (decision.notice !== undefined) tell(decision.notice);
    if (decision.waitMs !== undefined) timer = setTimeout(look, Math.min(decision.waitMs, MAX_TIMER_MS));
  };
  tracker.onTransition(look);
  look();
  return {
    get heldBack() {
      return heldBack;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
