import { join } from 'node:path';
import { type Logger, OPERATIONS } from '@podips/shared';
import { type Static, Type } from 'typebox';
import { openDocument } from '../files/document.js';
import { type AlertState, NOTHING_REPORTED } from './decide.js';
import { Notice, Trouble } from './notice.js';

export const ALERTS_FILE = 'alerts.json';

const Troubles = Type.Partial(Type.Record(Type.Enum(OPERATIONS), Trouble));

const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** The state that must survive a restart, so that no alert is duplicated and no recovery is missing. */
const SavedAlerts = Type.Object({
  version: Type.Literal(1),
  told: Troubles,
  decided: Troubles,
  sentAtMs: Type.Array(Type.Number()),
  heldBack: Type.Number(),
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
      const { reported: told, decided, sentAtMs, suppressed: heldBack } = state;
      return {
        version: 1 as const,
        told,
        decided,
        sentAtMs: [...sentAtMs],
        heldBack,
        lastAlert,
        ...channels(),
      };
    },
    log,
    now,
  });
  const { saved } = document;
  if (saved !== undefined) {
    const { told: reported, decided, sentAtMs, heldBack: suppressed } = saved;
    state = { ...state, reported, decided, sentAtMs, suppressed };
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
