import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type DatabasePool, type DatabaseSettings, openPool } from '@podips/shared';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Alerting, startAlerting } from '../../services/monitor/src/alerts/alerting.js';
import { chainOf, NO_ALERTS } from '../../services/monitor/src/alerts/alerts.test.helpers.js';
import { NO_ANNOUNCEMENTS } from '../../services/monitor/src/announcements/announcements.js';
import { DEFAULT_LIMITS } from '../../services/monitor/src/workloads/unstable.js';
import { startWorkloads, type Workloads } from '../../services/monitor/src/workloads/workloads.js';
import { PATIENCE } from '../support/browser.js';
import { MINUTE_MS, writeSampleWorkloads } from '../support/sample-workloads.js';
import { createDatabase } from '../support/test-databases.js';
import { startWebHook, type WebHook } from '../support/web-hook.js';

const log = createLogger('test', 'silent');
const LOOK_MS = 20;
let database: DatabaseSettings;
let pool: DatabasePool;
let hook: WebHook;
let dir: string;
let nowMs = Date.now();
beforeAll(async () => {
  database = await createDatabase();
  pool = openPool(database, log);
  await writeSampleWorkloads(pool, nowMs);
  hook = await startWebHook();
  dir = await mkdtemp(join(tmpdir(), 'podips-alerts-'));
});
afterAll(async () => {
  await hook?.stop();
  await pool?.end();
  await rm(dir, { recursive: true, force: true });
});

interface Alerts extends AsyncDisposable {
  readonly workloads: Workloads;
  readonly alerting: Alerting;
}

/** The alerts of a monitor whose clock the test sets. */
async function startAlerts(): Promise<Alerts> {
  const now = () => nowMs;
  const workloads = startWorkloads({ database, now, log, intervalMs: LOOK_MS });
  const alerting = await startAlerting({
    settings: { ...NO_ALERTS, webhookUrls: [hook.url], repeatIntervalMs: 24 * 60 * MINUTE_MS },
    // All that alerting needs of the lights.
    tracker: { states: () => chainOf(), onTransition: () => undefined } as never,
    // No light is ever out.
    history: { extent: () => undefined } as never,
    workloads,
    announcements: NO_ANNOUNCEMENTS,
    unstable: { limits: DEFAULT_LIMITS, alerts: true, muted: [/^shop\/import$/] },
    now,
    log,
    dir,
    cluster: 'default',
    pageUrl: undefined,
    ageLimitMs: 300_000,
  });
  return {
    workloads,
    alerting,
    async [Symbol.asyncDispose]() {
      await alerting.stop();
      await workloads.stop();
    },
  };
}

/** Lets time pass, in which the ledger is up to date, and a look at it. */
async function pass({ workloads }: Alerts, minutes: number, isKnown = true): Promise<void> {
  nowMs += minutes * MINUTE_MS;
  if (isKnown) await pool.query('UPDATE reader_positions SET known_at = $1', [new Date(nowMs)]);
  await looked(workloads);
  await looked(workloads);
}

function looked(workloads: Workloads): Promise<void> {
  return new Promise((resolve) => workloads.onNews(resolve));
}

const said = () =>
  hook.calls.map(({ body }) => {
    const { event, workloads } = JSON.parse(body);
    return [event, workloads.map(({ name }: { name: string }) => name).join(' ')];
  });

it('unstable workloads are one alert, also across a restart, and one recovery, once that is known', async () => {
  const started = ['problem', 'agent db'];
  {
    await using first = await startAlerts();
    await pass(first, 0);
    await pass(first, 1);
    await vi.waitFor(() => expect(said()).toEqual([started]), PATIENCE);
    await vi.waitFor(() => expect(first.alerting.view().lastAlert).not.toBeNull(), PATIENCE);
  }
  await using second = await startAlerts();
  await pass(second, 2);
  await pass(second, 120, false);
  await pass(second, 2, false);
  expect(said()).toEqual([started]);
  await pass(second, 0);
  await pass(second, 1);
  await vi.waitFor(() => expect(said()).toEqual([started, ['recovery', 'agent db']]), PATIENCE);
});
