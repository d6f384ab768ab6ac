import { join } from 'node:path';
import type { Logger } from '@podips/shared';
import { openDocument } from '../files/document.js';
import { type Static, Type } from '../schema/type.js';
import { LIGHT_IDS } from '../status/statuses.js';
import { NO_WORKLOADS_REPORTED } from '../workloads/decide-workload-alerts.js';
import { WorkloadTrouble } from '../workloads/workload-alerts.js';
import { type AlertState, NOTHING_REPORTED } from './decide.js';
import { Notice, Trouble } from './notice.js';

export const ALERTS_FILE = 'alerts.json';

const Troubles = Type.Partial(Type.Record(Type.Enum(LIGHT_IDS), Trouble));

const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** The state that must survive a restart, so that no alert is duplicated and no recovery is missing. */
const SavedAlerts = Type.Object({
  version: Type.Literal(1),
  told: Troubles,
  decided: Troubles,
  sentAtMs: Type.Array(Type.Number()),
  heldBack: Type.Number(),
  /** Of an earlier version: what was sent last was about lights. */
  lightsSentAtMs: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  workloads: Type.Optional(
    Type.Object({
      reported: Type.Array(WorkloadTrouble),
      sentAtMs: Type.Union([Type.Number(), Type.Null()]),
      suppressed: Type.Number(),
    }),
  ),
  lastAlert: Type.Union([Type.Object({ at: Type.String(), subject: Type.String() }), Type.Null()]),
  /** The undelivered notice of each channel, by the channel's id. */
  undelivered: Type.Record(Type.String(), Notice),
  /** The last result of each channel, by its id. */
  channels: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({ lastSuccessAt: TextOrNull, lastFailureAt: TextOrNull, error: TextOrNull }),
    ),
  ),
});
type SavedAlerts = Static<typeof SavedAlerts>;

export interface AlertMemory {
  /** The alerts that were sent, at first by earlier runs. */
  readonly state: AlertState;
  /** The undelivered notices of earlier runs, by the channel's id. */
  readonly undelivered: SavedAlerts['undelivered'];
  /** The last results of the channels in earlier runs, by their ids. */
  readonly channels: NonNullable<SavedAlerts['channels']>;
  /** The last alert that a channel delivered. */
  lastAlert: SavedAlerts['lastAlert'];
  remember(state: AlertState): void;
  /** Reports that the state of a channel has changed. Returns at once, never throws. */
  changed(): void;
  /** Why it cannot be saved, or could not be read; undefined without a problem. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

export interface AlertMemoryOptions {
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  /** The undelivered notices and the results of the channels at that moment. */
  readonly channels: () => Pick<AlertMemory, 'undelivered' | 'channels'>;
}

/** Remembers across restarts which alerts were sent. A file that cannot be read may cause a duplicate alert. */
export async function openAlertMemory(options: AlertMemoryOptions): Promise<AlertMemory> {
  const { dir, now, log, channels } = options;
  let state = NOTHING_REPORTED;
  let lastAlert: SavedAlerts['lastAlert'] = null;
  const document = await openDocument({
    path: join(dir, ALERTS_FILE),
    what: 'the alerts that were sent',
    schema: SavedAlerts,
    content() {
      const {
        reported: told,
        decided,
        sentAtMs,
        lightsSentAtMs = null,
        suppressed: heldBack,
        workloads,
      } = state;
      return {
        version: 1 as const,
        told,
        decided,
        sentAtMs: [...sentAtMs],
        heldBack,
        lightsSentAtMs,
        workloads: {
          reported: [...workloads.reported],
          sentAtMs: workloads.sentAtMs ?? null,
          suppressed: workloads.suppressed,
        },
        lastAlert,
        ...channels(),
      };
    },
    log,
    now,
  });
  const { saved } = document;
  if (saved !== undefined) {
    state = stateOf(saved);
    lastAlert = saved.lastAlert;
  }
  return {
    get state() {
      return state;
    },
    undelivered: saved?.undelivered ?? {},
    channels: saved?.channels ?? {},
    get lastAlert() {
      return lastAlert;
    },
    set lastAlert(alert) {
      lastAlert = alert;
      document.changed();
    },
    remember(newer) {
      state = newer;
      document.changed();
    },
    changed: document.changed,
    get problem() {
      return document.problem ?? document.damage;
    },
    close: document.close,
  };
}

function stateOf(saved: SavedAlerts): AlertState {
  const { told: reported, decided, sentAtMs, heldBack: suppressed, workloads } = saved;
  const lightsSentAtMs = saved.lightsSentAtMs === undefined ? sentAtMs.at(-1) : saved.lightsSentAtMs;
  return {
    ...NOTHING_REPORTED,
    ...{ reported, decided, sentAtMs, suppressed },
    lightsSentAtMs: lightsSentAtMs ?? undefined,
    workloads: {
      ...NO_WORKLOADS_REPORTED,
      ...workloads,
      sentAtMs: workloads?.sentAtMs ?? undefined,
    },
  };
}
