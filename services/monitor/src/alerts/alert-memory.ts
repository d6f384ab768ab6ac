import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, OPERATIONS, toError } from '@podips/shared';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { createLatestWriter } from '../files/latest-writer.js';
import { replaceFile } from '../files/replace-file.js';
import { setAside } from '../files/set-aside.js';
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

interface Loaded {
  readonly saved?: SavedAlerts;
  readonly problem?: string;
}

/** The saved state, if there is one that can be read. Another is set aside: what was told may be told twice. */
function loadAlerts(dir: string, nowMs: number, log: Logger): Loaded {
  const path = join(dir, ALERTS_FILE);
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Value.Check(SavedAlerts, value)) return { saved: value };
    throw new Error('the text is JSON, but not a file of alerts of version 1');
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return {};
    return { problem: setAside({ path, what: WHAT, reason: toError(err), nowMs }, log) };
  }
}

const WHAT = 'the alerts that were sent';

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

/** Knows after a restart what people were told before. Saves beside whatever else goes on. */
export function openAlertMemory({ dir, now, log, channels }: AlertMemoryOptions): AlertMemory {
  const { saved, problem } = loadAlerts(dir, now(), log);
  let state: AlertState = { ...NOTHING_TOLD, ...saved };
  let lastAlert = saved?.lastAlert ?? null;
  const writer = createLatestWriter({
    what: WHAT,
    log,
    async write() {
      await mkdir(dir, { recursive: true });
      const { told, decided, sentAtMs, heldBack } = state;
      const document: SavedAlerts = {
        version: 1,
        told,
        decided,
        sentAtMs: [...sentAtMs],
        heldBack,
        lastAlert,
        ...channels(),
      };
      await replaceFile(join(dir, ALERTS_FILE), `${JSON.stringify(document, null, 2)}\n`);
    },
  });
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
      writer.changed();
    },
    remember(newer) {
      state = newer;
      writer.changed();
    },
    changed: () => writer.changed(),
    get problem() {
      return writer.problem ?? problem;
    },
    close: () => writer.close(),
  };
}
