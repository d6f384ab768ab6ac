import { expect, test } from 'vitest';
import { NO_ANNOUNCEMENTS } from './announcements/announcements.js';
import { transition } from './history/history.test.helpers.js';
import { memoryHistory, memoryStore, NO_ALERTING, NOW_MS } from './http/app.test.helpers.js';
import { createMetrics } from './metrics.js';
import type { Transition } from './status/tracker.js';

test.each<[string, string, readonly Transition[]]>([
  ['1', 'a silence that begins after it', [to('green', 'yellow', 1)]],
  ['0', 'a silence that began before it', [to('green', 'yellow', -1), to('yellow', 'green', 1)]],
  ['1', 'a failure after such a silence', [to('green', 'yellow', -1), to('yellow', 'red', 1)]],
  ['1', 'a failure that was silent first', [to('green', 'yellow', 1), to('yellow', 'red', 2)]],
])('since the start, %s incidents are counted for %s', async (count, _what, transitions) => {
  const listeners: ((transition: Transition) => void)[] = [];
  const registry = createMetrics({
    store: memoryStore(),
    tracker: {
      states: () => {
        throw new Error('no test scrapes all metrics');
      },
      onHeartbeat: () => undefined,
      onTransition: (listener) => void listeners.push(listener),
    },
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
  });
  for (const one of transitions) for (const listener of listeners) listener(one);
  expect(await registry.getSingleMetricAsString('podips_incidents_total')).toContain(
    `podips_incidents_total{operation="log"} ${count}`,
  );
});

/** A change so long after the start. */
function to(from: Transition['from'], light: Transition['to'], afterMs: number): Transition {
  return { ...transition('log', light, NOW_MS + afterMs), from };
}
