import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Deadman, startDeadman } from './deadman.js';
import type { Fetch } from './webhook-channel.js';

const NOW = Date.parse('2026-11-20T14:05:00.000Z');
const log = createLogger('test', 'silent');
/** The response of the external service. */
let answer: () => Response;
let deadman: Deadman;

function start(fetch: Fetch, allGreen = () => true): void {
  const settings = { url: 'https://alive.example/secret', intervalMs: 5 };
  deadman = startDeadman({ settings, allGreen, fetch, now: () => NOW, log });
}

const fetch = vi.fn(async () => answer());
const refusal = (): Response => {
  throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
};
beforeEach(() => {
  answer = () => new Response('ok');
});
afterEach(async () => {
  await deadman.stop();
  vi.restoreAllMocks();
});

const error = () => deadman.view().error;

it('a ping that fails or is refused is shown, without the secret, and made again', async () => {
  const warn = vi.spyOn(log, 'warn');
  answer = () => new Response('', { status: 500 });
  start(fetch);
  await vi.waitFor(() => expect(error()).toContain('500'));
  answer = refusal;
  await vi.waitFor(() => expect(error()).toContain('cannot be reached'));
  expect(deadman.view()).toMatchObject({
    target: 'alive.example',
    lastFailureAt: new Date(NOW).toISOString(),
  });
  expect(JSON.stringify(deadman.view())).not.toContain('secret');
  fetch.mockClear();
  await vi.waitFor(() => expect(fetch.mock.calls.length).toBeGreaterThan(3));
  // A line for an outage, not for each ping.
  expect(warn).toHaveBeenCalledOnce();
});

it('a ping that works again is logged once, and clears the error', async () => {
  const info = vi.spyOn(log, 'info');
  answer = () => new Response('', { status: 503 });
  start(fetch);
  await vi.waitFor(() => expect(error()).not.toBeNull());
  answer = () => new Response('ok');
  await vi.waitFor(() => expect(error()).toBeNull());
  expect(deadman.view().lastSuccessAt).toBe(new Date(NOW).toISOString());
  expect(info).toHaveBeenCalledExactlyOnceWith(expect.anything(), 'dead-man’s ping works again');
});

it('no ping is made while a light is not green', async () => {
  fetch.mockClear();
  const allGreen = vi.fn(() => false);
  start(fetch, allGreen);
  await vi.waitFor(() => expect(allGreen.mock.calls.length).toBeGreaterThan(3));
  expect(fetch).not.toHaveBeenCalled();
});

it('a stop does not wait for a ping without a response, nor count it as failed', async () => {
  const hanging = vi.fn(
    (_url: unknown, init?: RequestInit) =>
      new Promise<Response>((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      }),
  );
  start(hanging);
  await vi.waitFor(() => expect(hanging).toHaveBeenCalledOnce());
  await deadman.stop();
  expect(error()).toBeNull();
});
