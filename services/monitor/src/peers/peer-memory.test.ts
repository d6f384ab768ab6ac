import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test } from 'vitest';
import { openPeerMemory, PEER_FILE } from './peer-memory.js';

const log = createLogger('monitor', 'silent');
const URL = 'https://podips.lon1.example';
const ANSWER = {
  atMs: Date.UTC(2026, 0, 31),
  report: { light: 'red' as const, headline: 'Fluentd write fails.', operations: [] },
};

async function makeDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-peers-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

test('what a monitor said last is known after a restart', async () => {
  const dir = await makeDir();
  const first = await openPeerMemory({ dir, log, now: Date.now });
  expect(first.recall(URL)).toBeUndefined();
  first.remember(URL, ANSWER);
  await first.close();
  const second = await openPeerMemory({ dir, log, now: Date.now });
  expect(second.recall(URL)).toEqual(ANSWER);
  expect(second.recall('https://podips.ams1.example')).toBeUndefined();
  await second.close();
});

test.each([
  '',
  '{"version":1,"answers":',
  '{"version":1,"answers":{"x":{"atMs":1e300}}}',
  '{"version":2,"answers":{}}',
])('a file with %j is quarantined, and a new one is begun', async (text) => {
  const dir = await makeDir();
  await writeFile(join(dir, PEER_FILE), text);
  const memory = await openPeerMemory({ dir, log, now: Date.now });
  expect(memory.recall('x')).toBeUndefined();
  memory.remember(URL, ANSWER);
  await memory.close();
  const quarantined = (await readdir(dir)).find((name) => name.startsWith(`${PEER_FILE}.damaged-`));
  expect(await readFile(join(dir, quarantined ?? ''), 'utf8')).toBe(text);
  const next = await openPeerMemory({ dir, log, now: Date.now });
  expect(next.recall(URL)).toEqual(ANSWER);
  await next.close();
});
