import type { Operation } from '@podips/shared';
import { expect, test } from 'vitest';
import type { Light } from '../status/lights.js';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { type AlertState, decide, NOTHING_REPORTED } from './decide.js';
import type { Notice } from './notice.js';
import type { AlertRules } from './rules.js';

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const RULES: AlertRules = {
  forMs: 0,
  repeatIntervalMs: 0,
  maxPerHour: 20,
  groupWaitMs: 2 * S,
  startedAtMs: 0,
  ageLimitMs: 5 * MIN,
};

interface Step {
  readonly atMs: number;
  readonly operation: Operation;
  readonly light: Light;
}

function step(atMs: number, operation: Operation, light: Light): Step {
  return { atMs, operation, light };
}

interface Run {
  readonly steps: readonly Step[];
  readonly untilMs: number;
  readonly rules?: Partial<AlertRules>;
  readonly state?: AlertState;
}

/** Lets the lights change as given, asks for a decision then and whenever the last one wanted, and collects. */
function play({ steps, untilMs, rules, state: before = NOTHING_REPORTED }: Run) {
  const sent: { atMs: number; notice: Notice }[] = [];
  const all = { ...RULES, ...rules };
  let state = before;
  let chain = chainOf();
  let nowMs = steps[0]?.atMs ?? 0;
  let decisions = 0;
  const rest = [...steps];
  while (nowMs <= untilMs) {
    while (rest[0] !== undefined && rest[0].atMs <= nowMs) {
      const { operation, light, atMs } = rest[0];
      chain = { ...chain, [operation]: stateOf(operation, light, atMs) };
      rest.shift();
    }
    const decision = decide(state, chain, nowMs, all);
    state = decision.state;
    if (decision.notice) sent.push({ atMs: nowMs, notice: decision.notice });
    expect(decision.waitMs ?? 1).toBeGreaterThan(0);
    decisions += 1;
    const wokenMs = decision.waitMs === undefined ? Number.POSITIVE_INFINITY : nowMs + decision.waitMs;
    nowMs = Math.min(wokenMs, rest[0]?.atMs ?? Number.POSITIVE_INFINITY);
  }
  const texts = sent.map(({ atMs, notice }) => `${atMs / S}: ${describe(notice)}`);
  return { sent, texts, state, decisions };
}

function describe({ changes, heldBack }: Notice): string {
  const parts = changes.map(({ operation, kind, trouble }) => `${operation} ${kind} ${trouble.light}`);
  return [...parts, ...(heldBack > 0 ? [`${heldBack} suppressed`] : [])].join(', ') || 'all well';
}

const K = 'kubernetes';
const W = 'queue/write';
const R = 'queue/read';

test.each<{ name: string; run: Run; texts: string[] }>([
  {
    name: 'a chain that works makes no alert',
    run: { steps: [], untilMs: H },
    texts: [],
  },
  {
    name: 'red is reported at once, and its end',
    run: { steps: [step(10 * S, K, 'red'), step(70 * S, K, 'green')], untilMs: H },
    texts: ['12: kubernetes started red', '72: kubernetes ended red'],
  },
  {
    name: 'yellow is reported, and its end',
    run: { steps: [step(6 * MIN, K, 'yellow'), step(7 * MIN, K, 'green')], untilMs: H },
    texts: ['362: kubernetes started yellow', '422: kubernetes ended yellow'],
  },
  {
    name: 'an operation without heartbeats is reported when the monitor has run for the age limit, and its end',
    run: {
      steps: [step(0, K, 'grey'), step(0, W, 'grey'), step(6 * MIN, K, 'green')],
      untilMs: H,
    },
    texts: ['302: kubernetes started grey, queue/write started grey', '362: kubernetes ended grey'],
  },
  {
    name: 'an operation whose first heartbeat comes late, but in time, is not reported',
    run: { steps: [step(0, K, 'grey'), step(4 * MIN, K, 'green')], untilMs: H },
    texts: [],
  },
  {
    name: 'without any heartbeat there is no alert',
    run: {
      steps: [step(0, K, 'grey'), step(0, W, 'grey'), step(0, R, 'grey'), step(0, 'log', 'grey')],
      untilMs: H,
    },
    texts: [],
  },
  {
    name: 'a light that was grey is reported when it is red',
    run: { steps: [step(0, K, 'grey'), step(10 * S, K, 'red')], untilMs: H },
    texts: ['12: kubernetes started red'],
  },
  {
    name: 'grey is no end of red',
    run: { steps: [step(10 * S, K, 'red'), step(20 * S, K, 'grey')], untilMs: H },
    texts: ['12: kubernetes started red'],
  },
  {
    name: 'red for less than `for` makes no alert',
    run: { steps: [step(10 * S, K, 'red'), step(69 * S, K, 'green')], untilMs: H, rules: { forMs: MIN } },
    texts: [],
  },
  {
    name: 'red for longer than `for` is reported after it',
    run: { steps: [step(10 * S, K, 'red'), step(90 * S, K, 'green')], untilMs: H, rules: { forMs: MIN } },
    texts: ['72: kubernetes started red', '92: kubernetes ended red'],
  },
  {
    name: '`for` does not delay yellow',
    run: { steps: [step(6 * MIN, K, 'yellow')], untilMs: H, rules: { forMs: 30 * MIN } },
    texts: ['362: kubernetes started yellow'],
  },
  {
    name: 'yellow that becomes red is reported again, its end once',
    run: {
      steps: [step(6 * MIN, K, 'yellow'), step(8 * MIN, K, 'red'), step(9 * MIN, K, 'green')],
      untilMs: H,
    },
    texts: ['362: kubernetes started yellow', '482: kubernetes started red', '542: kubernetes ended red'],
  },
  {
    name: 'transitions within the group wait are reported together, in the order of the chain',
    run: { steps: [step(10 * S, R, 'red'), step(11 * S, W, 'red'), step(12 * S, K, 'red')], untilMs: H },
    texts: ['12: kubernetes started red, queue/write started red, queue/read started red'],
  },
  {
    name: 'recoveries within the group wait are reported together',
    run: {
      steps: [
        step(10 * S, W, 'red'),
        step(10 * S, R, 'red'),
        step(20 * S, W, 'green'),
        step(21 * S, R, 'green'),
      ],
      untilMs: H,
    },
    texts: [
      '12: queue/write started red, queue/read started red',
      '22: queue/write ended red, queue/read ended red',
    ],
  },
  {
    name: 'a later transition is reported alone',
    run: { steps: [step(10 * S, R, 'red'), step(13 * S, W, 'red')], untilMs: H },
    texts: ['12: queue/read started red', '15: queue/write started red'],
  },
  {
    name: 'a light that flickers for a moment is reported at its worst',
    run: { steps: [step(10 * S, K, 'red'), step(11 * S, K, 'green')], untilMs: H },
    texts: ['12: kubernetes started red', '14: kubernetes ended red'],
  },
  {
    name: 'a light that flickers for less than `for` is not reported',
    run: { steps: [step(10 * S, K, 'red'), step(11 * S, K, 'green')], untilMs: H, rules: { forMs: 2 * S } },
    texts: [],
  },
  {
    name: 'a light that flaps faster than lights are collected is one alert until it no longer does',
    run: {
      steps: Array.from({ length: 40 }, (_, index) =>
        step((10 + index) * S, 'log', index % 2 === 0 ? 'red' : 'green'),
      ),
      untilMs: H,
    },
    texts: ['12: log started red', '51: log ended red'],
  },
  {
    name: 'an alert is repeated while it lasts, not after',
    run: {
      steps: [step(0, K, 'red'), step(9 * H, K, 'green')],
      untilMs: 24 * H,
      rules: { repeatIntervalMs: 4 * H },
    },
    texts: [
      '2: kubernetes started red',
      '14402: kubernetes continues red',
      '28802: kubernetes continues red',
      '32402: kubernetes ended red',
    ],
  },
  {
    name: 'a light that is yellow is reported at once, also after the monitor stood still',
    run: { steps: [step(10 * S, K, 'yellow')], untilMs: H, rules: { startedAtMs: 10 * S } },
    texts: ['12: kubernetes started yellow'],
  },
  {
    name: 'at the hourly limit the rest waits, and the current state is reported when it lifts',
    run: {
      steps: [
        step(0, K, 'red'),
        step(10 * S, K, 'green'),
        step(20 * S, K, 'red'),
        step(30 * S, K, 'green'),
        step(40 * S, W, 'red'),
      ],
      untilMs: 3 * H,
      rules: { maxPerHour: 2 },
    },
    texts: [
      '2: kubernetes started red',
      '12: kubernetes ended red',
      '3602: queue/write started red, 3 suppressed',
    ],
  },
  {
    name: 'a recovery that the limit suppressed is reported when it lifts',
    run: {
      steps: [step(0, K, 'red'), step(10 * S, K, 'green')],
      untilMs: 3 * H,
      rules: { maxPerHour: 1 },
    },
    texts: ['2: kubernetes started red', '3602: kubernetes ended red, 1 suppressed'],
  },
  {
    name: 'what began and ended while it was suppressed is counted',
    run: {
      steps: [step(0, K, 'red'), step(10 * S, W, 'red'), step(20 * S, W, 'green')],
      untilMs: 3 * H,
      rules: { maxPerHour: 1 },
    },
    texts: ['2: kubernetes started red', '3602: kubernetes continues red, 2 suppressed'],
  },
  {
    name: 'repetitions keep to the limit and are not counted as suppressed',
    run: { steps: [step(0, K, 'red')], untilMs: 2 * H, rules: { maxPerHour: 1, repeatIntervalMs: 10 * MIN } },
    texts: ['2: kubernetes started red', '3602: kubernetes continues red'],
  },
])('$name', ({ run, texts }) => {
  expect(play(run).texts).toEqual(texts);
});

test('after a restart what was reported is not repeated, and its end is reported with its whole length', () => {
  const first = play({ steps: [step(10 * S, K, 'red')], untilMs: 20 * S });
  expect(first.texts).toHaveLength(1);
  const second = play({
    steps: [step(30 * S, K, 'red'), step(70 * S, K, 'green')],
    untilMs: H,
    state: first.state,
    rules: { startedAtMs: 30 * S },
  });
  expect(second.texts).toEqual(['72: kubernetes ended red']);
  const [change] = second.sent[0]?.notice.changes ?? [];
  expect(change?.trouble.sinceMs).toBe(10 * S);
  expect(change?.untilMs).toBe(70 * S);
});

test('never more than the limit in any hour, however lights flap, and few decisions for it', () => {
  const flapping = Array.from({ length: 2_000 }, (_, index) =>
    step(index * 5 * S, index % 3 === 0 ? W : K, index % 2 === 0 ? 'red' : 'green'),
  );
  const { sent, decisions } = play({ steps: flapping, untilMs: 6 * H, rules: { maxPerHour: 20 } });
  for (const { atMs } of sent)
    expect(sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + H).length).toBeLessThanOrEqual(
      20,
    );
  expect(sent.length).toBeGreaterThan(40);
  expect(decisions).toBeLessThan(5 * flapping.length);
});

test('a light that is reported as it was is the likely cause', () => {
  const { sent } = play({ steps: [step(10 * S, K, 'red'), step(11 * S, K, 'green')], untilMs: 12 * S });
  expect(sent[0]?.notice).toMatchObject({
    likelyCause: K,
    headline: expect.stringContaining('Kubernetes read fails: no connection.'),
    chain: expect.arrayContaining([{ operation: K, light: 'green' }]),
  });
});

test('a clock that is set back a little does not skip `for`', () => {
  const rules = { ...RULES, groupWaitMs: 0, forMs: MIN };
  const chain = chainOf({ kubernetes: stateOf(K, 'red', H) });
  expect(decide(NOTHING_REPORTED, chain, H - S, rules)).toMatchObject({ waitMs: MIN });
  expect(decide(NOTHING_REPORTED, chain, H - S, rules).notice).toBeUndefined();
  expect(decide(NOTHING_REPORTED, chain, H + MIN, rules).notice).toBeDefined();
});

test('a clock that is set back by more than a wait ends it', () => {
  const { state } = play({
    steps: [step(5 * H, K, 'red')],
    untilMs: 5 * H + 10 * S,
    rules: { maxPerHour: 1 },
  });
  const chain = chainOf({ kubernetes: stateOf(K, 'green', 5 * H), log: stateOf('log', 'red', 5 * H) });
  const rules = { ...RULES, maxPerHour: 1, forMs: MIN };
  const first = decide(state, chain, H, rules);
  const second = decide(first.state, chain, H + 2 * S, rules);
  expect(second.notice?.changes.map(({ kind }) => kind)).toEqual(['ended', 'started']);
});

test('the likely cause is named as the page names it', () => {
  const { sent } = play({ steps: [step(10 * S, W, 'red'), step(10 * S, R, 'red')], untilMs: MIN });
  expect(sent[0]?.notice).toMatchObject({ likelyCause: 'queue/write' });
  expect(sent[0]?.notice.headline).toContain('broker');
});

test('what is not known, as the monitor stood still, is neither over nor repeated until it is known', () => {
  const rules = { ...RULES, groupWaitMs: 0, repeatIntervalMs: H };
  const red = stateOf(K, 'red', 0);
  const first = decide(NOTHING_REPORTED, chainOf({ [K]: red }), 0, rules);
  expect(first.notice).toBeDefined();
  const missed = chainOf({ [K]: { ...red, light: 'grey', sinceMs: 2 * H } });
  const second = decide(first.state, missed, 2 * H, rules);
  expect(second.notice).toBeUndefined();
  const third = decide(second.state, chainOf({ [K]: stateOf(K, 'red', 2 * H + S) }), 2 * H + S, rules);
  expect(describe(third.notice as Notice)).toBe('kubernetes continues red');
});

test('the time for which a light must be red starts again after the monitor stood still', () => {
  const rules = { ...RULES, groupWaitMs: 0, forMs: MIN, startedAtMs: 2 * H };
  const chain = chainOf({ [K]: stateOf(K, 'red', 2 * H - 90 * S) });
  expect(decide(NOTHING_REPORTED, chain, 2 * H + 1, rules)).toMatchObject({ waitMs: MIN - 1 });
});
