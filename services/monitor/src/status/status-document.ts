import { OPERATIONS } from '@podips/shared';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Heartbeat, heardOf, latestOf, type Statuses } from './statuses.js';

const SavedHeartbeat = Type.Object({
  operation: Type.Enum(OPERATIONS),
  code: Type.Integer({ minimum: 0, maximum: 999 }),
  message: Type.String(),
  receivedAt: Type.String(),
  remoteAddress: Type.String(),
  host: Type.String(),
});

const Document = Type.Object({ version: Type.Literal(1), heartbeats: Type.Array(SavedHeartbeat) });

/** The statuses as the text of the status file. */
export function formatDocument(statuses: Statuses): string {
  const document: Static<typeof Document> = {
    version: 1,
    heartbeats: heardOf(statuses).map(({ receivedAtMs, ...rest }) => ({
      ...rest,
      receivedAt: new Date(receivedAtMs).toISOString(),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * Reads the text of a status file.
 * @throws when the text is not a whole status file of this version
 */
export function parseDocument(text: string): Statuses {
  const value: unknown = JSON.parse(text);
  if (!Value.Check(Document, value)) throw new Error('the text is JSON, but not a status file of version 1');
  return latestOf(value.heartbeats.map(toHeartbeat));
}

function toHeartbeat({ receivedAt, ...rest }: Static<typeof SavedHeartbeat>): Heartbeat {
  const receivedAtMs = Date.parse(receivedAt);
  if (Number.isNaN(receivedAtMs)) throw new Error('a heartbeat has a time that is none');
  return { ...rest, receivedAtMs };
}
