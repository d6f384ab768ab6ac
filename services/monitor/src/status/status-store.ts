import { join } from 'node:path';
import type { Logger } from '@podips/shared';
import { openDocument } from '../files/document.js';
import { Type } from '../schema/type.js';
import { LIGHT_IDS, latestOf, receivedHeartbeats, type StatusStore } from './statuses.js';

export const STATUS_FILE = 'statuses.json';

const Time = Type.String({
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?Z$',
});

const SavedStatuses = Type.Object({
  version: Type.Literal(1),
  heartbeats: Type.Array(
    Type.Object({
      operation: Type.Enum(LIGHT_IDS),
      code: Type.Integer({ minimum: 0, maximum: 999 }),
      message: Type.String(),
      receivedAt: Time,
      remoteAddress: Type.String(),
      host: Type.String(),
    }),
  ),
});

export interface StatusStoreOptions {
  readonly dir: string;
  readonly log: Logger;
  readonly now: () => number;
}

/** Keeps the last heartbeats in memory and in a document. */
export async function openStatusStore({ dir, log, now }: StatusStoreOptions): Promise<StatusStore> {
  let statuses = latestOf([]);
  const document = await openDocument({
    path: join(dir, STATUS_FILE),
    what: 'the last heartbeats',
    schema: SavedStatuses,
    content: () => ({
      version: 1 as const,
      heartbeats: receivedHeartbeats(statuses).map(({ receivedAtMs, ...rest }) => ({
        ...rest,
        receivedAt: new Date(receivedAtMs).toISOString(),
      })),
    }),
    log,
    now,
  });
  const saved = document.saved?.heartbeats ?? [];
  statuses = latestOf(
    saved.map(({ receivedAt, ...rest }) => ({ ...rest, receivedAtMs: Date.parse(receivedAt) })),
  );
  // A folder that cannot be written shows at start, not at the first heartbeat.
  document.changed();
  return {
    latest: () => statuses,
    record(heartbeat) {
      statuses = { ...statuses, [heartbeat.operation]: heartbeat };
      document.changed();
    },
    get problem() {
      return document.problem;
    },
    damage: document.damage,
    close: document.close,
  };
}
