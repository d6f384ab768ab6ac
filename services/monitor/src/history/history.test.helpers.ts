import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, OPERATIONS, type Operation } from '@podips/shared';
import fc from 'fast-check';
import { onTestFinished } from 'vitest';
import { NOW_MS } from '../http/app.test.helpers.js';
import { LIGHTS, type Light } from '../status/lights.js';
import type { Transition } from '../status/tracker.js';
import { HISTORY_FILE, type History, type HistoryOptions, openHistory } from './history.js';
import { createTimeline, type Span, type Timeline } from './timeline.js';

export const MINUTE_MS = 60_000;

export function span(light: Light, sinceMs: number, message = 'no link'): Span {
  return { light, sinceMs, code: light === 'yellow' ? undefined : light === 'red' ? 503 : 200, message };
}

/** A timeline in which one operation had the given lights. */
export function timelineOf(spans: readonly Span[], operation: Operation = 'log'): Timeline {
  const timeline = createTimeline(1_000);
  for (const one of spans) timeline.add(operation, one);
  return timeline;
}

/** A transition to a light, as the tracker emits it. */
export function transition(operation: Operation, to: Light, atMs: number, message = 'no link'): Transition {
  const code = to === 'red' ? 503 : 200;
  const heartbeat = {
    operation,
    code,
    message,
    receivedAtMs: atMs,
    remoteAddress: '10.0.0.1',
    host: 'node-1',
  };
  return { operation, from: 'grey', to, atMs, heartbeat };
}

/** Changes of lights in the order of time; their messages hold whatever a request can bring. */
export const someTransitions: fc.Arbitrary<Transition[]> = fc
  .array(
    fc.record({
      operation: fc.constantFrom(...OPERATIONS),
      to: fc.constantFrom(...LIGHTS),
      waitMs: fc.integer({ min: 0, max: 10_000_000 }),
      message: fc.string({ unit: 'binary', maxLength: 20 }),
    }),
    { maxLength: 30 },
  )
  .map((changes) => {
    let atMs = Date.UTC(2026, 0, 1);
    return changes.map(({ operation, to, waitMs, message }) => {
      atMs += waitMs;
      return transition(operation, to, atMs, message);
    });
  });

const log = createLogger('monitor', 'silent');

export async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-history-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export async function open(dir: string, options: Partial<HistoryOptions> = {}): Promise<History> {
  const history = await openHistory({ dir, now: () => NOW_MS, log, shownDays: 90, ...options });
  onTestFinished(() => history.close());
  return history;
}

/** A folder with the history of two incidents, the second of which lasts. */
export async function dirWithHistory(): Promise<string> {
  const dir = await newDir();
  const history = await open(dir);
  history.record(transition('log', 'red', NOW_MS - 3_000, 'refused'));
  history.record(transition('log', 'green', NOW_MS - 2_000, 'OK'));
  history.record(transition('kubernetes', 'red', NOW_MS - 1_000, '<b>no</b> \u0000 \u202e "😀"\n'));
  await history.close();
  return dir;
}

export const readText = (dir: string) => readFile(join(dir, HISTORY_FILE), 'utf8');
export const messagesOf = (history: History) => history.incidents(10).map(({ message }) => message);
