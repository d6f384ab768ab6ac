import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ALERTS_FILE, type AlertMemory, openAlertMemory } from './alert-memory.js';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { decide, NOTHING_REPORTED } from './decide.js';
import type { Notice } from './notice.js';

const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0);
const RULES = {
  forMs: 0,
  repeatIntervalMs: 0,
  maxPerHour: 1,
  groupWaitMs: 0,
  startedAtMs: 0,
  ageLimitMs: 300_000,
};

const RECORD = {
  lastSuccessAt: null,
  lastFailureAt: '2026-01-31T11:00:00.000Z',
  error: 'it refuses the login',
};

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-alerts-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function open(dir: string, undelivered: Record<string, Notice> = {}): Promise<AlertMemory> {
  const log = createLogger('monitor', 'silent');
  const channels = () => ({ undelivered, channels: { webhook: RECORD } });
  return openAlertMemory({ dir, now: () => NOW_MS, log, channels });
}

test('what was sent, suppressed and not delivered is there after a restart', async () => {
  const dir = await newDir();
  const red = decide(NOTHING_REPORTED, chainOf({ log: stateOf('log', 'red', 1) }), NOW_MS, RULES);
  const green = decide(red.state, chainOf(), NOW_MS + 1, RULES);
  if (red.notice === undefined) throw new Error('no notice');
  const first = await open(dir, { webhook: red.notice });
  first.remember(green.state);
  first.lastAlert = { at: '2026-01-31T12:00:00.000Z', subject: 'Fluentd write failing' };
  await first.close();
  const second = await open(dir);
  onTestFinished(() => second.close());
  expect(second.state).toMatchObject({ reported: { log: { light: 'red' } }, decided: {}, suppressed: 1 });
  expect(second.undelivered).toEqual({ webhook: red.notice });
  expect(second.lastAlert).toEqual(first.lastAlert);
  expect(second.channels).toEqual({ webhook: RECORD });
  expect(second.problem).toBeUndefined();
});

test('which workloads were reported is there after a restart, and an older file has none', async () => {
  const dir = await newDir();
  const first = await open(dir);
  const reported = {
    workload: { cluster: 'default', namespace: 'shop', kind: 'Deployment', name: 'web' },
    ...{
      why: 'loop' as const,
      sinceMs: 1,
      atMs: 2,
      replaced: 3,
      restarts: 4,
      failed: 5,
      usual: null,
      last: null,
    },
  };
  const workloads = { ...NOTHING_REPORTED.workloads, reported: [reported], sentAtMs: 7, suppressed: 2 };
  first.remember({ ...NOTHING_REPORTED, sentAtMs: [7], workloads });
  await first.close();
  const second = await open(dir);
  expect(second.state).toEqual({ ...NOTHING_REPORTED, sentAtMs: [7], workloads });
  await second.close();
  const {
    workloads: _new,
    lightsSentAtMs: _newer,
    ...older
  } = JSON.parse(await readFile(join(dir, ALERTS_FILE), 'utf8'));
  await writeFile(join(dir, ALERTS_FILE), JSON.stringify(older));
  const third = await open(dir);
  onTestFinished(() => third.close());
  expect(third.state).toEqual({ ...NOTHING_REPORTED, sentAtMs: [7], lightsSentAtMs: 7 });
});

test.each([
  ['cut', '{"version": 1, "told": {'],
  ['of another shape', '{"version": 2}'],
])('a file that is %s is quarantined and reported, and nothing counts as reported', async (_what, text) => {
  const dir = await newDir();
  await writeFile(join(dir, ALERTS_FILE), text);
  const memory = await open(dir);
  expect(memory.state).toMatchObject(NOTHING_REPORTED);
  expect(memory.problem).toBe(
    'the alerts that were sent could not be read and start empty; the damaged file is quarantined',
  );
  memory.changed();
  await memory.close();
  const quarantined = (await readdir(dir)).find((name) => name.startsWith(`${ALERTS_FILE}.damaged-`));
  expect(await readFile(join(dir, quarantined ?? ''), 'utf8')).toBe(text);
});

test('a folder that cannot be written shows, and harms nothing', async () => {
  const file = join(await newDir(), 'file');
  await writeFile(file, '');
  const memory = await open(join(file, 'below'));
  memory.changed();
  await vi.waitFor(() => expect(memory.problem).toContain('the alerts that were sent cannot be saved'));
  await memory.close();
});
