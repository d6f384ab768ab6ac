import { OPERATIONS } from '@podips/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PATIENCE } from '../support/browser.js';
import { startMonitorProcess } from '../support/monitor-process.js';
import { startWebHook } from '../support/web-hook.js';

/** The monitor notices that it stood still for ten seconds or longer. */
const STOPPED_MS = 14_000;
const BEAT_MS = 400;

interface Status {
  readonly headline: string;
  readonly incidents: readonly { readonly operation: string; readonly startIsLatest: boolean }[];
  readonly operations: readonly {
    readonly light: string;
    readonly uptime: readonly {
      readonly redMs: number;
      readonly yellowMs: number;
      readonly greenMs: number;
    }[];
  }[];
}

test('a monitor that was stopped for longer than the age limit invents neither incident nor alert', async () => {
  const hook = await startWebHook();
  onTestFinished(hook.stop);
  const monitor = await startMonitorProcess({ AGE_LIMIT_MS: '5000', ALERT_WEBHOOK_URLS: hook.url });
  onTestFinished(monitor.destroy);
  const codes: Record<string, number> = {};
  const beatAll = () =>
    Promise.allSettled(
      OPERATIONS.map((operation) =>
        fetch(`${monitor.url}/${operation}/${codes[operation] ?? 200}/x`, {
          signal: AbortSignal.timeout(1_000),
        }),
      ),
    );
  const beats = setInterval(beatAll, BEAT_MS);
  onTestFinished(() => clearInterval(beats));
  const status = async (): Promise<Status> =>
    JSON.parse(await (await fetch(`${monitor.url}/api/v1/status`)).text());
  const lights = async () => (await status()).operations.map(({ light }) => light);
  await vi.waitFor(async () => expect(await lights()).toEqual(Array(4).fill('green')), PATIENCE);

  monitor.process.kill('SIGSTOP');
  await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
  monitor.process.kill('SIGCONT');
  const { operations, headline } = await status();
  expect(operations.map(({ light }) => light)).toEqual(Array(4).fill('grey'));
  expect(headline).toContain('the monitor was not running or stood still');
  await vi.waitFor(async () => expect(await lights()).toEqual(Array(4).fill('green')), PATIENCE);
  const after = await status();
  expect(after.incidents).toEqual([]);
  expect(after.operations.map(({ uptime: [day] }) => [day?.redMs, day?.yellowMs])).toEqual(
    Array(4).fill([0, 0]),
  );
  expect(hook.calls).toEqual([]);

  // Trouble that began meanwhile is reported with when it was known at the latest.
  monitor.process.kill('SIGSTOP');
  codes.log = 503;
  await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
  monitor.process.kill('SIGCONT');
  await vi.waitFor(() => expect(hook.calls).toHaveLength(1), PATIENCE);
  expect(JSON.parse(hook.calls[0]?.body ?? '')).toMatchObject({
    event: 'problem',
    changes: [{ operation: 'log', kind: 'started', light: 'red', durationIsLeast: true }],
    text: expect.stringMatching(/Fluentd write: failing since [-0-9]+ [:.0-9]+ UTC or earlier /),
  });
  expect((await status()).incidents).toMatchObject([{ operation: 'log', startIsLatest: true }]);
}, 90_000);
