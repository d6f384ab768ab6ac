import { readFileSync, renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, OPERATIONS, toError } from '@podips/shared';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { createLatestWriter } from '../latest-writer.js';
import { replaceFile } from '../replace-file.js';
import { type AlertState, NOTHING_TOLD } from './decide.js';
import { Notice, Trouble } from './notice.js';

export const ALERTS_FILE = 'alerts.json';

const Troubles = Type.Partial(Type.Record(Type.Enum(OPERATIONS), Trouble));

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
});
type SavedAlerts = Static<typeof SavedAlerts>;

/** The saved state; undefined when there is none, or none that can be read, which is set aside and logged. */
function loadAlerts(dir: string, nowMs: number, log: Logger): SavedAlerts | undefined {
  const path = join(dir, ALERTS_FILE);
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Value.Check(SavedAlerts, value)) return value;
    throw new Error('the text is JSON, but not a file of alerts of version 1');
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined;
    setAside(path, toError(err), nowMs, log);
    return undefined;
  }
}

function setAside(path: string, reason: Error, nowMs: number, log: Logger): void {
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
  try {
    renameSync(path, aside);
    log.warn({ err: reason, aside }, 'file of alerts is damaged: set aside, alerts may come twice');
  } catch (err) {
    log.warn({ err: reason, renameErr: toError(err), path }, 'file of alerts cannot be read nor set aside');
  }
}

export interface AlertMemory {
  /** What people were told, at first by earlier runs. */
  readonly state: AlertState;
  /** What earlier runs have not delivered, by the channel's id. */
  readonly undelivered: SavedAlerts['undelivered'];
  lastAlert: SavedAlerts['lastAlert'];
  remember(state: AlertState): void;
  /** What is not delivered is another than before. Returns at once, never throws. */
  changed(): void;
  /** What keeps it from being saved; undefined while that works. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

export interface AlertMemoryOptions {
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  /** What is not delivered right now. */
  readonly undelivered: () => SavedAlerts['undelivered'];
}

/** Knows after a restart what people were told before. Saves beside whatever else goes on. */
export function openAlertMemory({ dir, now, log, undelivered }: AlertMemoryOptions): AlertMemory {
  const saved = loadAlerts(dir, now(), log);
  let state: AlertState = { ...NOTHING_TOLD, ...saved };
  let lastAlert = saved?.lastAlert ?? null;
  const writer = createLatestWriter({
    what: 'the alerts that were sent',
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
        undelivered: undelivered(),
      };
      await replaceFile(join(dir, ALERTS_FILE), `${JSON.stringify(document, null, 2)}\n`);
    },
  });
  return {
    get state() {
      return state;
    },
    undelivered: saved?.undelivered ?? {},
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
      return writer.problem;
    },
    close: () => writer.close(),
  };
}
