import { createLogger, OPERATIONS } from '@podips/shared';
import { Value } from 'typebox/value';
import { expect, onTestFinished, test } from 'vitest';
import { NO_ANNOUNCEMENTS } from '../announcements/announcements.js';
import type { FlowView } from '../flow/flow-view.js';
import { SLOTS } from '../history/strip.js';
import {
  heartbeat,
  LIMIT_MS,
  memoryFlow,
  memoryHistory,
  memoryStore,
  NO_ALERTING,
  NOW_MS,
} from '../http/app.test.helpers.js';
import { headline } from '../pages/dashboard/headline.js';
import type { Heartbeat } from '../status/statuses.js';
import { createTracker } from '../status/tracker.js';
import { createStatusView } from './create-status-view.js';
import { type ClusterView, StatusView } from './status-view.js';
import { flowView } from './status-view.test.helpers.js';

async function viewOf(
  heartbeats: readonly Heartbeat[],
  problem?: string,
  clusters: readonly ClusterView[] = [],
  flow?: FlowView,
): Promise<StatusView> {
  const store = memoryStore(heartbeats, problem);
  const now = () => NOW_MS;
  const history = await memoryHistory(now);
  const tracker = createTracker({
    store: memoryStore(),
    now,
    ageLimitMs: LIMIT_MS,
    log: createLogger('', 'silent'),
  });
  onTestFinished(() => tracker.stop());
  tracker.onTransition((transition) => history.record(transition));
  for (const one of heartbeats) tracker.receive(one);
  const view = createStatusView({
    cluster: 'fra1',
    ageLimitMs: LIMIT_MS,
    now,
    store,
    tracker,
    history,
    alerting: NO_ALERTING,
    announcements: NO_ANNOUNCEMENTS,
    clusters: () => clusters,
    flow: flow === undefined ? memoryFlow(now) : { view: () => flow, problem: undefined },
    ledger: undefined,
    workloads: undefined,
  })();
  expect(Value.Errors(StatusView, view)).toEqual([]);
  return view;
}

test('a monitor without heartbeats shows four grey lights', async () => {
  const view = await viewOf([]);
  expect(view).toMatchObject({
    cluster: 'fra1',
    at: '2026-01-31T12:00:00.000Z',
    ageLimitMs: LIMIT_MS,
    worst: 'grey',
    likelyCause: null,
    answers: { read: 'no logs for more than 5 minutes', all: 'no logs for more than 5 minutes' },
    incidents: [],
    problems: [],
  });
  expect(view.operations.map(({ operation }) => operation)).toEqual([
    'kubernetes',
    'queue/write',
    'queue/read',
    'log',
  ]);
  for (const operation of view.operations) {
    expect(operation).toMatchObject({ light: 'grey', since: null, heartbeat: null });
    expect(operation.strip).toHaveLength(SLOTS);
  }
});

test('an operation that fails is shown with its heartbeat, its incident and the strip', async () => {
  const view = await viewOf([
    heartbeat('kubernetes'),
    heartbeat('queue/write', {
      code: 401,
      message: 'broker refused the login',
      receivedAtMs: NOW_MS - 2_000,
    }),
  ]);
  expect(view).toMatchObject({
    worst: 'red',
    likelyCause: 'queue/write',
    answers: { read: 'fail', all: 'fail' },
    // The monitor is running since now.
    incidents: [{ operation: 'queue/write', light: 'red', code: 401, startIsLatest: true, endedAt: null }],
  });
  expect(view.headline).toContain('Queue write fails: broker refused the login (401).');
  expect(view.operations[1]).toMatchObject({
    name: 'Queue write',
    light: 'red',
    since: '2026-01-31T11:59:58.000Z',
    heartbeat: {
      code: 401,
      message: 'broker refused the login',
      receivedAt: '2026-01-31T11:59:58.000Z',
      ageMs: 2_000,
      remoteAddress: '10.0.0.1',
      host: 'node-1',
    },
  });
  expect(view.operations[1]?.strip.at(-1)).toMatchObject({
    light: 'red',
    message: '401 broker refused the login',
  });
});

test('the worst light of all clusters stands beside the own one, which is all that others see', async () => {
  const lon = {
    name: 'lon1',
    url: 'http://lon1.example',
    reachable: true,
    lastAnswerAt: new Date(NOW_MS).toISOString(),
    light: 'red' as const,
    headline: 'Fluentd write fails.',
    error: null,
    operations: [],
  };
  expect(await viewOf([], undefined, [lon])).toMatchObject({
    worst: 'grey',
    overall: 'red',
    elsewhere: 'Elsewhere: lon1 failing.',
    clusters: [lon],
  });
});

test('messages that are late have a time since which they are, at least', async () => {
  const lateSince = '2026-01-31T11:57:00.000Z';
  const flow = flowView({ state: 'late', lateSince });
  const view = await viewOf(
    OPERATIONS.map((operation) => heartbeat(operation)),
    undefined,
    [],
    flow,
  );
  expect(view.incident).toMatchObject({ what: 'Messages are delivered late.', lights: [], since: lateSince });
  const text = headline(view).text.replace(/<[^>]*>/g, '');
  expect(text).toContain('For at least 3 min, since 2026-01-31 11:57:00 UTC or earlier.');
});

test('what is wrong with the monitor itself is shown', async () => {
  expect((await viewOf([], 'it cannot be saved (ENOSPC)')).problems).toEqual(['it cannot be saved (ENOSPC)']);
});
