import { join } from 'node:path';
import type { Logger } from '@podips/shared';
import { openDocument } from '../files/document.js';
import { type Static, Type } from '../schema/type.js';
import { LIGHTS } from '../status/lights.js';

export const PEER_FILE = 'peers.json';

/** Answers come every few seconds, and a kill may lose some. */
const SAVE_INTERVAL_MS = 60_000;

const Answer = Type.Object({
  atMs: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
  report: Type.Object({
    light: Type.Enum(LIGHTS),
    headline: Type.String(),
    operations: Type.Array(Type.Object({ name: Type.String(), light: Type.Enum(LIGHTS) })),
  }),
});
const SavedAnswers = Type.Object({ version: Type.Literal(1), answers: Type.Record(Type.String(), Answer) });

/** The answer of another monitor, and when it was received. */
export type Answer = Static<typeof Answer>;

/** The last answer of each monitor by its URL, kept across restarts. */
export interface PeerMemory {
  recall(url: string): Answer | undefined;
  remember(url: string, answer: Answer): void;
  close(): Promise<void>;
}

export interface PeerMemoryOptions {
  readonly dir: string;
  readonly log: Logger;
  readonly now: () => number;
}

/** A file that cannot be read costs the last known state of monitors that are unavailable. */
export async function openPeerMemory({ dir, log, now }: PeerMemoryOptions): Promise<PeerMemory> {
  const answers = new Map<string, Answer>();
  const document = await openDocument({
    path: join(dir, PEER_FILE),
    what: 'the answers of other monitors',
    schema: SavedAnswers,
    content: () => ({ version: 1 as const, answers: Object.fromEntries(answers) }),
    log,
    now,
    intervalMs: SAVE_INTERVAL_MS,
  });
  for (const [url, answer] of Object.entries(document.saved?.answers ?? {})) answers.set(url, answer);
  return {
    recall: (url) => answers.get(url),
    remember(url, answer) {
      answers.set(url, answer);
      document.changed();
    },
    close: document.close,
  };
}
