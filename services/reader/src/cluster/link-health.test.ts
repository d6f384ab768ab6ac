import type { OperationHealth } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KubeError } from './kube-error.js';
import { LinkHealth } from './link-health.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start(problem?: string) {
  const said: string[] = [];
  const health: OperationHealth = {
    problem,
    works: (what) => void said.push(what),
    fails: (status, message) => void said.push(`${status} ${message}`),
    connected: () => undefined,
    alive: () => undefined,
    standsBy: () => undefined,
    note: () => undefined,
    impaired: () => undefined,
  };
  return { said, link: new LinkHealth(health, 3_000) };
}
const lost = (code = 'KUBE_UNREACHABLE') => new KubeError(code, 'lost', { status: 503 });
const refused = new KubeError('KUBE_REFUSED', 'forbidden', { status: 403 });

it('says nothing of a link that is open again within the grace', () => {
  const { said, link } = start();
  link.fails('', lost('KUBE_WATCH_BROKEN'));
  vi.advanceTimersByTime(2_999);
  link.fails('', lost());
  link.works('', 'watch');
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual(['watch']);
});

it('says that a link is lost when the grace is over, which no further failure prolongs', () => {
  const { said, link } = start();
  link.fails('', lost('KUBE_WATCH_BROKEN'));
  vi.advanceTimersByTime(2_000);
  link.fails('', lost());
  vi.advanceTimersByTime(1_000);
  expect(said).toEqual(['503 lost']);
});

it.each([502, 503, 504])('gives the %i of a load balancer the same grace, and no 500', (status) => {
  const { said, link } = start();
  const answered = (code: number) => new KubeError('KUBE_REFUSED', 'no server', { status: code });
  link.fails('', answered(status));
  vi.advanceTimersByTime(2_999);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual([`${status} no server`]);
  const other = start();
  other.link.fails('', answered(500));
  expect(other.said).toEqual(['500 no server']);
});

it('says at once what the server answers, and what fails before anything has worked', () => {
  const running = start();
  running.link.fails('', lost());
  running.link.fails('', refused);
  expect(running.said).toEqual(['403 forbidden']);
  const starting = start('not connected yet');
  starting.link.fails('', lost());
  expect(starting.said).toEqual(['503 lost']);
});

it('works only while no feed fails', () => {
  const { said, link } = start();
  link.fails('shop', refused);
  link.works('web', 'event');
  link.works('shop', 'watch');
  expect(said).toEqual(['403 forbidden', 'watch']);
});

it('says nothing any more once it is stopped', () => {
  const { said, link } = start();
  link.fails('', lost());
  link.stop();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
});
