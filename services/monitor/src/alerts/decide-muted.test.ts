import { expect, test } from 'vitest';
import type { LightId } from '../status/statuses.js';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { type AlertState, decide, NOTHING_REPORTED } from './decide.js';
import type { Notice } from './notice.js';
import type { AlertRules, Chain } from './rules.js';

const MIN = 60_000;
const RULES: AlertRules = {
  forMs: 0,
  repeatIntervalMs: 10 * MIN,
  maxPerHour: 20,
  groupWaitMs: 0,
  startedAtMs: 0,
  ageLimitMs: 5 * MIN,
};

/** Decides every minute for an hour; a maintenance of queue write lasts from minute 20 to minute 50. */
function play(chainAt: (minute: number) => Chain, muted: readonly LightId[] = ['queue/write']): string[] {
  const sent: string[] = [];
  let state: AlertState = NOTHING_REPORTED;
  for (let minute = 0; minute < 60; minute += 1) {
    const lights = new Set(minute >= 20 && minute < 50 ? muted : []);
    const rules = { ...RULES, muting: { lights, workloads: false } };
    const { state: next, notice } = decide(state, chainAt(minute), minute * MIN, rules);
    state = next;
    for (const { kind, operation } of notice?.changes ?? []) sent.push(`${minute} ${operation} ${kind}`);
  }
  return sent;
}

const red = (id: 'queue/write' | 'log', from: number, to: number) => (minute: number) =>
  minute >= from && minute < to
    ? chainOf({ [id]: stateOf(id, 'red', from * MIN) })
    : chainOf({ [id]: stateOf(id, 'green', minute < from ? 0 : to * MIN) });

test.each<[string, (minute: number) => Chain, string[]]>([
  ['an outage within it is never sent', red('queue/write', 25, 45), []],
  [
    'an outage that outlasts it is sent after it',
    red('queue/write', 25, 55),
    ['50 queue/write started', '55 queue/write ended'],
  ],
  [
    'the end of an earlier outage is sent after it, and nothing is repeated in it',
    red('queue/write', 5, 30),
    ['5 queue/write started', '15 queue/write continues', '50 queue/write ended'],
  ],
  [
    'an earlier outage that lasts is repeated after it',
    red('queue/write', 12, 60),
    ['12 queue/write started', '50 queue/write continues'],
  ],
  ['other lights make alerts', red('log', 25, 35), ['25 log started', '35 log ended']],
])('in a maintenance of queue write, %s', (_what, chainAt, expected) => {
  expect(play(chainAt)).toEqual(expected);
});

test('what the hourly limit suppressed before a maintenance is said once, after it, whatever is said of others in it', () => {
  const both = (minute: number) =>
    chainOf({
      'queue/write': stateOf('queue/write', minute < 10 ? 'green' : 'red', minute < 10 ? 0 : 10 * MIN),
      log: stateOf('log', minute < 5 || minute >= 70 ? 'green' : 'red', minute < 5 ? 0 : 5 * MIN),
    });
  const sent: string[] = [];
  let state: AlertState = NOTHING_REPORTED;
  for (let minute = 0; minute < 150; minute += 1) {
    const lights = new Set<LightId>(minute >= 20 && minute < 140 ? ['queue/write'] : []);
    const rules = { ...RULES, repeatIntervalMs: 0, maxPerHour: 1, muting: { lights, workloads: false } };
    const { state: next, notice } = decide(state, both(minute), minute * MIN, rules);
    state = next;
    if (notice === undefined) continue;
    const changes = notice.changes.map(({ kind, operation }) => `${operation} ${kind}`);
    sent.push(`${minute}: ${changes.join(', ')}; ${notice.failing} failing`);
  }
  expect(sent).toEqual([
    '5: log started; 1 failing',
    '70: log ended; 0 failing',
    '140: queue/write started; 1 failing',
  ]);
});

test('what the hourly limit suppressed of a light that is not known by then is said when it is', () => {
  const rules = { ...RULES, maxPerHour: 1, repeatIntervalMs: 0 };
  const log = (light: 'green' | 'red' | 'grey') => chainOf({ log: { ...stateOf('log', 'red', 0), light } });
  const first = decide(
    NOTHING_REPORTED,
    chainOf({ 'queue/read': stateOf('queue/read', 'red', 0) }),
    MIN,
    rules,
  );
  const suppressed = decide(first.state, log('red'), 10 * MIN, rules);
  const unknown = decide(suppressed.state, log('grey'), 70 * MIN, rules);
  expect(unknown.notice?.changes).toMatchObject([{ operation: 'queue/read', kind: 'ended' }]);
  const known = decide(unknown.state, log('red'), 140 * MIN, rules);
  expect(known.notice?.changes).toMatchObject([{ operation: 'log', kind: 'started' }]);
});

test.each<[string, Chain, Notice['likelyCause'], string]>([
  [
    'fails',
    chainOf({ 'queue/write': stateOf('queue/write', 'red', 0), log: stateOf('log', 'red', 19 * MIN) }),
    'log',
    'Look at Fluentd first. Queue write is in maintenance.',
  ],
  [
    'works again',
    chainOf({ 'queue/write': stateOf('queue/write', 'red', 0) }),
    null,
    'Queue write is in maintenance. Everything else works.',
  ],
])('the headline of another light that %s names no muted one as the cause', (_what, chain, cause, end) => {
  const muting = { lights: new Set<LightId>(['queue/write']), workloads: false };
  const before = decide(NOTHING_REPORTED, chainOf({ log: stateOf('log', 'red', 0) }), 10 * MIN, RULES);
  const state = cause === null ? before.state : NOTHING_REPORTED;
  const { notice } = decide(state, chain, 20 * MIN, { ...RULES, muting });
  expect(notice?.likelyCause).toBe(cause);
  expect(notice?.headline.endsWith(end)).toBe(true);
  expect(notice?.headline).not.toContain('fail too');
});

test('a change whose group wait ends in a maintenance is said after it, if it lasts', () => {
  const rules = { ...RULES, groupWaitMs: 2_000 };
  const muting = { lights: new Set<LightId>(['log']), workloads: false };
  const chain = chainOf({ log: stateOf('log', 'red', 0) });
  const seen = decide(NOTHING_REPORTED, chain, 1_000, rules);
  const within = decide(seen.state, chain, 3_000, { ...rules, muting });
  expect([seen.notice, within.notice]).toEqual([undefined, undefined]);
  const after = decide(decide(within.state, chain, 5_000, rules).state, chain, 7_000, rules);
  expect(after.notice?.changes).toMatchObject([{ operation: 'log', kind: 'started' }]);
});

const muting = { lights: new Set<LightId>(['log']), workloads: false };
const at =
  (light: 'red' | 'green' | 'grey', sinceMin: number) => (id: 'queue/write' | 'queue/read' | 'log') => ({
    [id]: stateOf(id, light, sinceMin * MIN),
  });

test.each<[string, Partial<AlertRules>, Chain, number]>([
  ['all others work', {}, chainOf(), 0],
  ['another one is muted', { muting }, chainOf(at('red', 12)('log')), 0],
  [
    'another one has been red for less than the hold',
    { forMs: 5 * MIN },
    chainOf(at('red', 19)('queue/read')),
    0,
  ],
  ['another one never reported and is muted', { muting }, chainOf(at('grey', 0)('log')), 0],
  ['another one is red', {}, chainOf(at('red', 19)('queue/read')), 1],
])(
  'of an outage that is over while %s, the alert counts the operations that it leaves failing',
  (_what, some, after, failing) => {
    const rules = { ...RULES, ...some };
    const before = chainOf(at('red', 1)('queue/write'));
    const { state, notice } = decide(NOTHING_REPORTED, before, 10 * MIN, rules);
    expect(notice?.failing).toBe(1);
    const { notice: over } = decide(state, after, 20 * MIN, rules);
    expect(over?.changes[0]).toMatchObject({ operation: 'queue/write', kind: 'ended' });
    expect(over?.failing).toBe(failing);
  },
);
