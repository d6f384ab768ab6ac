import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { createLatestWriter } from '../files/latest-writer.js';
import { replaceFile } from '../files/replace-file.js';
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
const PeerFile = Type.Object({ version: Type.Literal(1), answers: Type.Record(Type.String(), Answer) });

/** What another monitor said, and when. */
export type Answer = Static<typeof Answer>;

/** The last answer of each monitor by its URL, kept across restarts. */
export interface PeerMemory {
  recall(url: string): Answer | undefined;
  remember(url: string, answer: Answer): void;
  close(): Promise<void>;
}

/** A file that cannot be read costs what was last known of monitors that are away, and is replaced. */
export async function openPeerMemory({
  dir,
  log,
}: {
  readonly dir: string;
  readonly log: Logger;
}): Promise<PeerMemory> {
  const path = join(dir, PEER_FILE);
  const answers = await load(path, log);
  const writer = createLatestWriter({
    what: 'the answers of other monitors',
    log,
    intervalMs: SAVE_INTERVAL_MS,
    async write() {
      await mkdir(dir, { recursive: true });
      await replaceFile(path, JSON.stringify({ version: 1, answers: Object.fromEntries(answers) }));
    },
  });
  return {
    recall: (url) => answers.get(url),
    remember(url, answer) {
      answers.set(url, answer);
      writer.changed();
    },
    close: () => writer.close(),
  };
}

async function load(path: string, log: Logger): Promise<Map<string, Answer>> {
  try {
    return new Map(Object.entries(Value.Parse(PeerFile, JSON.parse(await readFile(path, 'utf8'))).answers));
  } catch (err) {
    const isMissing = err instanceof Error && 'code' in err && err.code === 'ENOENT';
    if (!isMissing) log.warn({ err: toError(err), path }, 'what other monitors said last cannot be read');
    return new Map();
  }
}
