import type { ServerResponse } from 'node:http';
import { createLogger } from '@podips/shared/program';
import { expect, test, vi } from 'vitest';
import { startCronjob } from './cronjob.js';
import { answering, startFakeMonitor } from './monitor.test.helpers.js';
import type { CronjobSettings } from './settings.js';

const EVERY_SECOND = '* * * * * *';

function settingsFor(monitorUrl: string, changes: Partial<CronjobSettings> = {}): CronjobSettings {
  return {
    logLevel: 'silent',
    once: false,
    monitorUrl,
    tlsVerify: true,
    timeoutMs: 60_000,
    schedule: EVERY_SECOND,
    ...changes,
  };
}

function newLog() {
  const log = createLogger('cronjob', 'silent');
  return { log, info: vi.spyOn(log, 'info'), warn: vi.spyOn(log, 'warn'), error: vi.spyOn(log, 'error') };
}

test('once: asks, logs the answer and finishes, whatever the answer says', async () => {
  const { log, warn } = newLog();
  const url = await startFakeMonitor(answering('fail'));
  const job = await startCronjob(settingsFor(url, { once: true }), log);
  await expect(job.finished).resolves.toBeUndefined();
  expect(warn).toHaveBeenCalledWith({ status: 'fail' }, 'the monitor answered');
  await job.stop();
});

test('once: finishes with an error when no answer comes', async () => {
  const { log } = newLog();
  const job = await startCronjob(settingsFor('http://127.0.0.1:1', { once: true }), log);
  await expect(job.finished).rejects.toMatchObject({ code: 'POKE_FAILED' });
});

test('scheduled: asks each time, and an answer that fails to come does not end it', async () => {
  const { log, info, error } = newLog();
  let requests = 0;
  const url = await startFakeMonitor((request, response) => {
    requests += 1;
    if (requests === 1) response.destroy();
    else answering('success')(request, response);
  });
  const job = await startCronjob(settingsFor(url), log);
  await vi.waitFor(() => expect(info).toHaveBeenCalledWith({ status: 'success' }, 'the monitor answered'));
  expect(error).toHaveBeenCalledTimes(1);
  await job.stop();
});

test('scheduled: a stop waits for the poke that is under way, and no other begins beside it', async () => {
  const { log, info } = newLog();
  const held: ServerResponse[] = [];
  const url = await startFakeMonitor((_request, response) => held.push(response));
  const job = await startCronjob(settingsFor(url), log);
  await vi.waitFor(() => expect(held).toHaveLength(1));
  let stopped = false;
  const stopping = job.stop().then(() => {
    stopped = true;
  });
  // A whole period of the schedule, as another job sees it: the pending query neither ends nor is doubled.
  const other = await startFakeMonitor(answering('success'));
  const clock = newLog();
  const otherJob = await startCronjob(settingsFor(other), clock.log);
  await vi.waitFor(() =>
    expect(clock.info).toHaveBeenCalledWith({ status: 'success' }, 'the monitor answered'),
  );
  await otherJob.stop();
  expect(stopped).toBe(false);
  expect(held).toHaveLength(1);
  held[0]?.end('{"status":"success"}');
  await stopping;
  expect(info).toHaveBeenCalledWith({ status: 'success' }, 'the monitor answered');
});

test('scheduled: a stop between two pokes ends at once', async () => {
  const { log } = newLog();
  const job = await startCronjob(settingsFor('http://127.0.0.1:1', { schedule: '0 0 1 1 *' }), log);
  await job.stop();
});
