import { join } from 'node:path';
import { type Logger, OPERATIONS } from '@podips/shared';
import { type Static, Type } from 'typebox';
import { openDocument } from '../files/document.js';
import { type AlertState, NOTHING_TOLD } from './decide.js';
import { Notice, Trouble } from './notice.js';

export const ALERTS_FILE = 'alerts.json';

const Troubles = Type.Partial(Type.Record(Type.Enum(OPERATIONS), Trouble));

const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** What must survive a restart, so that no alert comes twice and no end of one is missing. */
const SavedAlerts = Type.Object({
  version: Type.Literal(1),
  told: Troubles,
  decided: Troubles,
  sentAtMs: Type.Array(Type.Number()),
  heldBack: Type.Number(),
  lastAlert: Type.Union([Type.Object({ at: Type.String(), subject: Type.String() }), Type.Null()]),
  /** What each channel has not delivered, by the channel's id. */
  undelivered: Type.Record(Type.String(), Notice),
  /** How each channel did last, by its id. */
  channels: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({ lastSuccessAt: TextOrNull, lastFailureAt: TextOrNull, error: TextOrNull }),
    ),
  ),
});
type SavedAlerts = Static<typeof SavedAlerts>;

export interface AlertMemory {
  /** What people were told, at first by earlier runs. */
  readonly state: AlertState;
  /** What earlier runs have not delivered, by the channel's id. */
  readonly undelivered: SavedAlerts['undelivered'];
  /** How the channels did in earlier runs, by their ids. */
  readonly channels: NonNullable<SavedAlerts['channels']>;
  /** What a channel took last. */
  lastAlert: SavedAlerts['lastAlert'];
  remember(state: AlertState): void;
  /** What is asked of the channels is another than before. Returns at once, never throws. */
  changed(): void;
  /** What keeps it from being saved, or kept it from being read; undefined while all is well. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

export interface AlertMemoryOptions {
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  /** What is not delivered right now, and how the channels do. */
  readonly channels: () => Pick<AlertMemory, 'undelivered' | 'channels'>;
}

/** Remembers over restarts what people know. A file that cannot be read may make an alert come twice. */
export async function openAlertMemory(options: AlertMemoryOptions): Promise<AlertMemory> {
  const { dir, now, log, channels } = options;
  let state = NOTHING_TOLD;
  let lastAlert: SavedAlerts['lastAlert'] = null;
  const document = await openDocument({
    path: join(dir, ALERTS_FILE),
    what: 'the alerts that were sent',
    schema: SavedAlerts,
    content() {
      const { told, decided, sentAtMs, heldBack } = state;
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
    const { told, decided, sentAtMs, heldBack } = saved;
    state = { ...state, told, decided, sentAtMs, heldBack };
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
