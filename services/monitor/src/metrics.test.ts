import { expect, test } from 'vitest';
import { NO_ANNOUNCEMENTS } from './announcements/announcements.js';
import { transition } from './history/history.test.helpers.js';
import { memoryHistory, memoryStore, NO_ALERTING, NOW_MS } from './http/app.test.helpers.js';
import { createMetrics, type MetricsOptions } from './metrics.js';
import type { LightId } from './status/statuses.js';
import type { Tracker, Transition } from './status/tracker.js';

test.each<[string, string, readonly Transition[]]>([
  ['1', 'a silence that begins after it', [to('green', 'yellow', 1)]],
  ['0', 'a light that was not known for a while', [to('green', 'grey', 1), to('grey', 'green', 2)]],
  ['0', 'a failure that lasts from before it', [to('red', 'grey', 1), to('grey', 'red', 2)]],
  ['1', 'a failure after a time that is not known', [to('green', 'grey', 1), to('grey', 'red', 2)]],
  ['1', 'a failure that was silent first', [to('green', 'yellow', 1), to('yellow', 'red', 2)]],
])('since the start, %s incidents are counted for %s', async (count, _what, transitions) => {
  const listeners: ((transition: Transition) => void)[] = [];
  const registry = createMetrics(await optionsWith((listener) => void listeners.push(listener)));
  for (const one of transitions) for (const listener of listeners) listener(one);
  expect(await registry.getSingleMetricAsString('podips_incidents_total')).toContain(
    `podips_incidents_total{operation="log"} ${count}`,
  );
});

test.each<[string, readonly LightId[] | undefined, string[]]>([
  ['of everything', undefined, ['kubernetes', 'queue/write', 'queue/read', 'log', 'workloads']],
  ['of the broker', ['queue/write', 'queue/read'], ['queue/write', 'queue/read']],
])('alerts of Prometheus learn what a maintenance %s mutes', async (_what, lights, expected) => {
  const window = { fromMs: NOW_MS - 1, toMs: NOW_MS + 1, lights };
  const entry = { id: 'up', kind: 'maintenance', title: 'Upgrade', text: '', ...window } as const;
  const options = await optionsWith(() => undefined);
  const registry = createMetrics({
    ...options,
    announcements: { entries: () => [entry], isCurrent: true },
    workloads: { facts: () => undefined },
  });
  const text = await registry.getSingleMetricAsString('podips_alerts_muted');
  const muted = [...text.matchAll(/operation="([^"]+)"} 1/g)].map(([, operation]) => operation);
  expect(muted).toEqual(expected);
});

/** A monitor without heartbeats. */
async function optionsWith(onTransition: Tracker['onTransition']): Promise<MetricsOptions> {
  const never = { heartbeat: undefined, light: 'grey', sinceMs: undefined, ageMs: 0 } as const;
  const states = { kubernetes: never, 'queue/write': never, 'queue/read': never, log: never };
  return {
    store: memoryStore(),
    tracker: { states: () => states, onHeartbeat: () => undefined, onTransition },
    history: await memoryHistory(() => NOW_MS),
    alerting: NO_ALERTING,
    announcements: NO_ANNOUNCEMENTS,
    live: { clients: 0 },
    flow: { view: () => undefined },
    ledger: undefined,
    unstable: { muted: [] },
    workloads: undefined,
    cluster: 'default',
    version: '1',
    now: () => NOW_MS,
  };
}

/** A change so long after the start. */
function to(from: Transition['from'], light: Transition['to'], afterMs: number): Transition {
  return { ...transition('log', light, NOW_MS + afterMs), from };
}
