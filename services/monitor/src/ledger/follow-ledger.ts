import { OK } from '@podips/shared';
import type { Flow } from '../flow/flow.js';
import { ALWAYS_ATTENTIVE, type Attention } from '../status/attention.js';
import type { Tracker } from '../status/tracker.js';
import { type LedgerState, ledgerStateOf } from './ledger-light.js';
import type { LedgerWatch } from './ledger-watch.js';

/** The code of a ledger that cannot be used, beside those of heartbeats. */
const UNUSABLE = 503;
/** Within this time after the start, or after the monitor stood still, a reader that works has reported. */
const REPORT_MS = 15_000;

export interface LedgerFollower {
  /** Whether the ledger can be used, but is not complete; undefined: not known yet. */
  isOverdue(): boolean | undefined;
  /** Makes heartbeats of what monitor and reader see of the ledger. */
  follow(ledger: Pick<LedgerWatch, 'view' | 'onNews'>, tracker: Pick<Tracker, 'states' | 'receive'>): void;
}

/** Lets the ledger have a light as the operations have: by heartbeats, which the monitor makes itself. */
export function createLedgerFollower(
  flow: Pick<Flow, 'reader' | 'onNews'>,
  now: () => number,
  attention: Attention = { ...ALWAYS_ATTENTIVE, sinceMs: now() },
): LedgerFollower {
  let state: LedgerState | undefined;
  return {
    isOverdue: () => state && state.light === 'yellow',
    follow(ledger, tracker) {
      const look = (isNews: boolean) => {
        if (attention.isCatchingUp()) return;
        const { sinceMs: startedAtMs } = attention;
        const { kubernetes, 'queue/write': write, ledger: shown } = tracker.states();
        const next = ledgerStateOf({
          view: ledger.view(),
          report: flow.reader?.ledger ?? undefined,
          isFed: kubernetes.light === 'green' && write.light === 'green',
          nowMs: now(),
          startedAtMs,
        });
        // What was shown before may be the reader's word, which comes later than the first look.
        const isEarly = flow.reader === undefined && now() - startedAtMs < REPORT_MS;
        if (isEarly && next?.light === 'green' && shown?.heartbeat !== undefined) return;
        const isSame = next?.light === state?.light && next?.message === state?.message;
        state = next ?? state;
        if (next === undefined || (isSame && !isNews)) return;
        const { light, message, by } = next;
        tracker.receive({
          operation: 'ledger',
          code: light === 'red' ? UNUSABLE : OK,
          message,
          receivedAtMs: now(),
          remoteAddress: '',
          host: by,
        });
      };
      ledger.onNews(() => look(true));
      flow.onNews(() => look(false));
    },
  };
}
