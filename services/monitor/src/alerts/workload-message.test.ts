import { expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, NOW_MS, workload } from '../workloads/book.test.helpers.js';
import type { WorkloadChange, WorkloadNews } from '../workloads/workload-alerts.js';
import { messageOf } from './message.js';
import { mergeNotices, type Notice } from './notice.js';

const CONTEXT = { cluster: 'fra1', pageUrl: 'https://podips.example.com/p' };

function change(
  kind: WorkloadChange['kind'],
  name: string,
  trouble: Partial<WorkloadChange['trouble']> = {},
): WorkloadChange {
  return {
    kind,
    trouble: {
      workload: workload(name),
      why: 'replaced',
      sinceMs: kind === 'started' ? NOW_MS : NOW_MS - 3 * HOUR_MS,
      atMs: NOW_MS,
      replaced: 14,
      restarts: 0,
      failed: 0,
      usual: 0,
      last: { pod: `${name}-x`, cause: 'OOMKilled', exitCode: 137, atMs: NOW_MS - 2 * MINUTE_MS },
      ...trouble,
    },
    untilMs: kind === 'ended' ? NOW_MS : null,
  };
}

function noticeOf(changes: readonly WorkloadChange[], news: Partial<WorkloadNews> = {}): Notice {
  return {
    atMs: NOW_MS + MINUTE_MS,
    headline: '',
    likelyCause: null,
    changes: [],
    chain: [{ operation: 'log', light: 'green' }],
    heldBack: 0,
    workloads: { changes: [...changes], more: 0, lasting: 0, likelyNode: null, ...news },
  };
}

it('an alert names the workloads, the worst first, what happened, and the node that is likely the cause', () => {
  const started = [change('started', 'web'), change('started', 'api', { usual: null, last: null })];
  const news = { lasting: 3, likelyNode: { node: 'node-7', pods: 25, of: 28 } };
  const { subject, text, body } = messageOf(noticeOf(started, news), CONTEXT);
  expect(subject).toBe('[podips fra1] Unstable: shop/web and 1 more');
  expect(text).toMatchInlineSnapshot(`
    "shop/web, Deployment: 14 pods replaced in the hour before 2026-11-26 14:05 UTC, usually 0.
      Last one: web-x, OOMKilled, exit code 137, at 2026-11-26 14:03:00 UTC.
    shop/api, Deployment: 14 pods replaced in the hour before 2026-11-26 14:05 UTC.
    Of the 28 pods that ended, 25 were evicted from the node node-7 or lost with it: look at that node first.
    3 more workloads are unstable, as reported before.

    https://podips.example.com/p/workloads
    "
  `);
  expect(body).toMatchObject({
    event: 'problem',
    changes: [],
    likelyNode: 'node-7',
    workloads: [
      {
        namespace: 'shop',
        workloadKind: 'Deployment',
        name: 'web',
        kind: 'started',
        replaced: 14,
        lastExitCode: 137,
      },
      { name: 'api', usual: null, lastAt: null },
    ],
  });
});

it('a reminder and a recovery say for how long', () => {
  const lasting = messageOf(noticeOf([change('continues', 'web')]), CONTEXT);
  expect(lasting.subject).toBe('[podips fra1] Still unstable after 3 h 1 min: shop/web');
  expect(lasting.text).toContain('still unstable since 2026-11-26 11:05 UTC (3 h 1 min): 14 pods replaced');
  const ended = messageOf(noticeOf([change('ended', 'web')]), CONTEXT);
  expect(ended.subject).toBe('[podips fra1] Stable again: shop/web');
  expect(ended.text).toContain(
    'shop/web, Deployment: stable for an hour, as of 2026-11-26 14:05 UTC; it was unstable since 2026-11-26 11:05 UTC (3 h).',
  );
  expect([lasting.body.event, ended.body.event]).toEqual(['reminder', 'recovery']);
});

it('one that was not watched all the time says so, of its figures and of its length', () => {
  const said = (kind: WorkloadChange['kind']) => {
    const { text, body } = messageOf(noticeOf([{ ...change(kind, 'web'), hasGap: true }]), CONTEXT);
    expect(body.workloads[0]?.hasGap).toBe(true);
    return text;
  };
  expect(said('started')).toContain('usually 0. Not all of that time was watched.\n  Last one:');
  expect(said('ended')).toContain('(3 h). Not all of that time was watched.');
});

it('of very many only the worst are named', () => {
  const many = Array.from({ length: 50 }, (_none, index) => change('started', `w${index}`));
  const { subject, text } = messageOf(noticeOf(many, { more: 11 }), CONTEXT);
  expect(subject).toBe('[podips fra1] Unstable: shop/w0 and 60 more');
  expect(text).toContain('And 51 more.');
  expect(text.length).toBeLessThan(3_000);
});

it('names with line ends and invisible characters bring no lines in', () => {
  const name = 'x\r\nBcc: all@example.com\u202e';
  const { subject, text } = messageOf(noticeOf([change('started', name)]), CONTEXT);
  expect(subject).not.toMatch(/[\r\n\u202e]/);
  expect(text).not.toMatch(/^Bcc/m);
});

it('what could not be delivered is merged: a start stays one, and an end takes its place', () => {
  const older = noticeOf([change('started', 'web'), change('started', 'api')]);
  const newer = noticeOf([change('ended', 'web'), change('continues', 'api', { replaced: 20 })]);
  const { workloads } = mergeNotices(older, newer);
  expect(workloads?.changes).toMatchObject([
    { kind: 'started', trouble: { workload: { name: 'api' }, replaced: 20 } },
    { kind: 'ended', trouble: { workload: { name: 'web' } } },
  ]);
});

it('one about lights that was not delivered keeps its headline, and both are said', () => {
  const { workloads: _none, ...rest } = noticeOf([]);
  const lights: Notice = {
    ...rest,
    headline: 'Fluentd write fails.',
    likelyCause: 'log',
    changes: [
      {
        operation: 'log',
        kind: 'started',
        trouble: { light: 'red', sinceMs: NOW_MS, code: 500, message: 'no', host: 'h' },
        untilMs: null,
      },
    ],
  };
  const { subject, text, body } = messageOf(
    mergeNotices(lights, noticeOf([change('started', 'web')])),
    CONTEXT,
  );
  expect(subject).toBe('[podips fra1] Fluentd write failing. Unstable: shop/web');
  expect(text).toMatch(/^Fluentd write fails\.\n[\s\S]*shop\/web, Deployment: 14 pods replaced/);
  expect(body).toMatchObject({ likelyCause: 'log', event: 'problem', workloads: [{ name: 'web' }] });
});
