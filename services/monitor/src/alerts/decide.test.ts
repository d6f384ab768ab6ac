import type { Operation } from '@podips/shared';
import { expect, test } from 'vitest';
import type { Light } from '../status/lights.js';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { type AlertState, decide, NOTHING_TOLD } from './decide.js';
import type { Notice } from './notice.js';
import type { AlertRules } from './rules.js';

const S = 1_000;
const MIN = 60 * S;
const H = 60 * MIN;
const RULES: AlertRules = {
  holdMs: 0,
  reminderMs: 0,
  maxPerHour: 20,
  collectMs: 2 * S,
  listeningSinceMs: 0,
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

/** Lets the lights change as given, asks for a decision then and whenever the last one wished, and collects. */
function play({ steps, untilMs, rules, state: before = NOTHING_TOLD }: Run) {
  const told: { atMs: number; notice: Notice }[] = [];
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
    if (decision.notice) told.push({ atMs: nowMs, notice: decision.notice });
    expect(decision.waitMs ?? 1).toBeGreaterThan(0);
    decisions += 1;
    const wokenMs = decision.waitMs === undefined ? Number.POSITIVE_INFINITY : nowMs + decision.waitMs;
    nowMs = Math.min(wokenMs, rest[0]?.atMs ?? Number.POSITIVE_INFINITY);
  }
  const texts = told.map(({ atMs, notice }) => `${atMs / S}: ${describe(notice)}`);
  return { told, texts, state, decisions };
}

function describe({ changes, heldBack }: Notice): string {
  const parts = changes.map(({ operation, kind, trouble }) => `${operation} ${kind} ${trouble.light}`);
  return [...parts, ...(heldBack > 0 ? [`${heldBack} held back`] : [])].join(', ') || 'all well';
}

const K = 'kubernetes';
const W = 'queue/write';
const R = 'queue/read';

test.each<{ name: string; run: Run; texts: string[] }>([
  {
    name: 'nothing is told of a chain that works',
    run: { steps: [], untilMs: H },
    texts: [],
  },
  {
    name: 'red is told at once, and its end',
    run: { steps: [step(10 * S, K, 'red'), step(70 * S, K, 'green')], untilMs: H },
    texts: ['12: kubernetes started red', '72: kubernetes ended red'],
  },
  {
    name: 'yellow is told, and its end',
    run: { steps: [step(6 * MIN, K, 'yellow'), step(7 * MIN, K, 'green')], untilMs: H },
    texts: ['362: kubernetes started yellow', '422: kubernetes ended yellow'],
  },
  {
    name: 'what was never heard of is told when the monitor has listened for the whole age, and its end',
    run: {
      steps: [step(0, K, 'grey'), step(0, W, 'grey'), step(6 * MIN, K, 'green')],
      untilMs: H,
    },
    texts: ['302: kubernetes started grey, queue/write started grey', '362: kubernetes ended grey'],
  },
  {
    name: 'what is heard of late, but in time, is not told',
    run: { steps: [step(0, K, 'grey'), step(4 * MIN, K, 'green')], untilMs: H },
    texts: [],
  },
  {
    name: 'while nothing at all is heard of, nothing is told',
    run: {
      steps: [step(0, K, 'grey'), step(0, W, 'grey'), step(0, R, 'grey'), step(0, 'log', 'grey')],
      untilMs: H,
    },
    texts: [],
  },
  {
    name: 'a light that was never heard of before is told when it is red',
    run: { steps: [step(0, K, 'grey'), step(10 * S, K, 'red')], untilMs: H },
    texts: ['12: kubernetes started red'],
  },
  {
    name: 'grey is no end of red',
    run: { steps: [step(10 * S, K, 'red'), step(20 * S, K, 'grey')], untilMs: H },
    texts: ['12: kubernetes started red'],
  },
  {
    name: 'red that recovers within the hold makes no alert',
    run: { steps: [step(10 * S, K, 'red'), step(69 * S, K, 'green')], untilMs: H, rules: { holdMs: MIN } },
    texts: [],
  },
  {
    name: 'red that outlives the hold is told after it',
    run: { steps: [step(10 * S, K, 'red'), step(90 * S, K, 'green')], untilMs: H, rules: { holdMs: MIN } },
    texts: ['72: kubernetes started red', '92: kubernetes ended red'],
  },
  {
    name: 'the hold does not delay yellow',
    run: { steps: [step(6 * MIN, K, 'yellow')], untilMs: H, rules: { holdMs: 30 * MIN } },
    texts: ['362: kubernetes started yellow'],
  },
  {
    name: 'yellow that turns red is told again, its end once',
    run: {
      steps: [step(6 * MIN, K, 'yellow'), step(8 * MIN, K, 'red'), step(9 * MIN, K, 'green')],
      untilMs: H,
    },
    texts: ['362: kubernetes started yellow', '482: kubernetes started red', '542: kubernetes ended red'],
  },
  {
    name: 'lights that change together are told together, in the order of the chain',
    run: { steps: [step(10 * S, R, 'red'), step(11 * S, W, 'red'), step(12 * S, K, 'red')], untilMs: H },
    texts: ['12: kubernetes started red, queue/write started red, queue/read started red'],
  },
  {
    name: 'ends that come shortly after each other are told together',
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
    name: 'one that changes later is told alone',
    run: { steps: [step(10 * S, R, 'red'), step(13 * S, W, 'red')], untilMs: H },
    texts: ['12: queue/read started red', '15: queue/write started red'],
  },
  {
    name: 'a light that flickers for a moment is told, as it was at its worst',
    run: { steps: [step(10 * S, K, 'red'), step(11 * S, K, 'green')], untilMs: H },
    texts: ['12: kubernetes started red', '14: kubernetes ended red'],
  },
  {
    name: 'a light that flickers for less than the hold is not told',
    run: { steps: [step(10 * S, K, 'red'), step(11 * S, K, 'green')], untilMs: H, rules: { holdMs: 2 * S } },
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
      rules: { reminderMs: 4 * H },
    },
    texts: [
      '2: kubernetes started red',
      '14402: kubernetes continues red',
      '28802: kubernetes continues red',
      '32402: kubernetes ended red',
    ],
  },
  {
    name: 'silence is told when the monitor has listened for the whole age',
    run: { steps: [step(10 * S, K, 'yellow')], untilMs: H, rules: { listeningSinceMs: 10 * S } },
    texts: ['312: kubernetes started yellow'],
  },
  {
    name: 'silence that was the monitor’s own is not told',
    run: {
      steps: [step(10 * S, K, 'yellow'), step(40 * S, K, 'green')],
      untilMs: H,
      rules: { listeningSinceMs: 10 * S },
    },
    texts: [],
  },
  {
    name: 'at the hourly limit the rest waits, and the current state is told when it lifts',
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
      '3602: queue/write started red, 3 held back',
    ],
  },
  {
    name: 'an end that the limit held back is told when it lifts',
    run: {
      steps: [step(0, K, 'red'), step(10 * S, K, 'green')],
      untilMs: 3 * H,
      rules: { maxPerHour: 1 },
    },
    texts: ['2: kubernetes started red', '3602: kubernetes ended red, 1 held back'],
  },
  {
    name: 'what began and ended while it was held back is counted',
    run: {
      steps: [step(0, K, 'red'), step(10 * S, W, 'red'), step(20 * S, W, 'green')],
      untilMs: 3 * H,
      rules: { maxPerHour: 1 },
    },
    texts: ['2: kubernetes started red', '3602: kubernetes continues red, 2 held back'],
  },
  {
    name: 'reminders keep to the limit and are not counted as held back',
    run: { steps: [step(0, K, 'red')], untilMs: 2 * H, rules: { maxPerHour: 1, reminderMs: 10 * MIN } },
    texts: ['2: kubernetes started red', '3602: kubernetes continues red'],
  },
])('$name', ({ run, texts }) => {
  expect(play(run).texts).toEqual(texts);
});

test('after a restart what was told is not repeated, and its end is told with its whole length', () => {
  const first = play({ steps: [step(10 * S, K, 'red')], untilMs: 20 * S });
  expect(first.texts).toHaveLength(1);
  const second = play({
    steps: [step(30 * S, K, 'red'), step(70 * S, K, 'green')],
    untilMs: H,
    state: first.state,
    rules: { listeningSinceMs: 30 * S },
  });
  expect(second.texts).toEqual(['72: kubernetes ended red']);
  const [change] = second.told[0]?.notice.changes ?? [];
  expect(change?.trouble.sinceMs).toBe(10 * S);
  expect(change?.untilMs).toBe(70 * S);
});

test('never more than the limit in any hour, however lights flap, and few decisions for it', () => {
  const flapping = Array.from({ length: 2_000 }, (_, index) =>
    step(index * 5 * S, index % 3 === 0 ? W : K, index % 2 === 0 ? 'red' : 'green'),
  );
  const { told, decisions } = play({ steps: flapping, untilMs: 6 * H, rules: { maxPerHour: 20 } });
  for (const { atMs } of told)
    expect(told.filter((other) => other.atMs >= atMs && other.atMs < atMs + H).length).toBeLessThanOrEqual(
      20,
    );
  expect(told.length).toBeGreaterThan(40);
  expect(decisions).toBeLessThan(5 * flapping.length);
});

test('a light that is told of as it was is the likely cause', () => {
  const { told } = play({ steps: [step(10 * S, K, 'red'), step(11 * S, K, 'green')], untilMs: 12 * S });
  expect(told[0]?.notice).toMatchObject({
    likelyCause: K,
    headline: expect.stringContaining('Kubernetes read fails: no connection (503).'),
    chain: expect.arrayContaining([{ operation: K, light: 'green' }]),
  });
});

test('a clock that is set back a little does not skip the hold', () => {
  const rules = { ...RULES, collectMs: 0, holdMs: MIN };
  const chain = chainOf({ kubernetes: stateOf(K, 'red', H) });
  expect(decide(NOTHING_TOLD, chain, H - S, rules)).toMatchObject({ waitMs: MIN });
  expect(decide(NOTHING_TOLD, chain, H - S, rules).notice).toBeUndefined();
  expect(decide(NOTHING_TOLD, chain, H + MIN, rules).notice).toBeDefined();
});

test('a clock that is set back by more than a wait ends it', () => {
  const { state } = play({
    steps: [step(5 * H, K, 'red')],
    untilMs: 5 * H + 10 * S,
    rules: { maxPerHour: 1 },
  });
  const chain = chainOf({ kubernetes: stateOf(K, 'green', 5 * H), log: stateOf('log', 'red', 5 * H) });
  const rules = { ...RULES, maxPerHour: 1, holdMs: MIN };
  const first = decide(state, chain, H, rules);
  const second = decide(first.state, chain, H + 2 * S, rules);
  expect(second.notice?.changes.map(({ kind }) => kind)).toEqual(['ended', 'started']);
});

test('the likely cause is named as the page names it', () => {
  const { told } = play({ steps: [step(10 * S, W, 'red'), step(10 * S, R, 'red')], untilMs: MIN });
  expect(told[0]?.notice).toMatchObject({ likelyCause: 'queue/write' });
  expect(told[0]?.notice.headline).toContain('broker');
});
