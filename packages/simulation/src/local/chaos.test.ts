import { pause } from '@podips/shared';
import { afterEach, expect, test, vi } from 'vitest';
import { runChaos } from './chaos.js';

vi.mock('@podips/shared', async (original) => ({
  ...(await original<typeof import('@podips/shared')>()),
  pause: vi.fn(),
}));
afterEach(() => void vi.resetAllMocks());

/** What happens until the pause with this number, which is cut short. */
async function eventsUntil(lastPause: number): Promise<string[]> {
  const events: string[] = [];
  let pauses = 0;
  vi.mocked(pause).mockImplementation(async () => ++pauses < lastPause);
  const victims = ['queue', 'Fluentd', 'database'].map((name) => ({
    name,
    stop: async () => void events.push(`-${name}`),
    start: async () => void events.push(`+${name}`),
  }));
  const print = () => undefined;
  await runChaos({ victims, downMs: 1, upMs: 1, print, signal: new AbortController().signal });
  return events;
}

test('chaos takes its victims in turn', async () => {
  expect(await eventsUntil(9)).toEqual([
    '-queue',
    '+queue',
    '-Fluentd',
    '+Fluentd',
    '-database',
    '+database',
    '-queue',
    '+queue',
  ]);
});

test('chaos that ends during an outage leaves nothing down', async () => {
  vi.mocked(pause).mockResolvedValue(false);
  expect(await eventsUntil(2)).toEqual(['-queue', '+queue']);
});
