import { expect, test } from 'vitest';
import { LIMIT_MS } from '../http/app.test.helpers.js';
import {
  type Answer,
  answerOf,
  type Light,
  lightOf,
  type Scope,
  type Seen,
  TOO_OLD,
  worstLight,
} from './lights.js';

const FRESH = { heartbeat: { code: 200 }, ageMs: 0 };
const AT_LIMIT = { ...FRESH, ageMs: LIMIT_MS };
const OLD = { ...FRESH, ageMs: LIMIT_MS + 1 };
const FAILED = { heartbeat: { code: 500 }, ageMs: 0 };
const NONE = { heartbeat: undefined, ageMs: 0 };

test.each<[Light, string, Seen]>([
  ['grey', 'there was none', NONE],
  ['green', 'it is good and fresh', FRESH],
  ['green', 'it is good and exactly as old as the limit', AT_LIMIT],
  ['yellow', 'it is good and a millisecond older than the limit', OLD],
  ['red', 'its code is 500 and it is fresh', FAILED],
  ['red', 'its code is 500 and it is old', { ...FAILED, ageMs: LIMIT_MS + 1 }],
  ['red', 'its code is 201', { ...FRESH, heartbeat: { code: 201 } }],
  ['red', 'its code is 0', { ...FRESH, heartbeat: { code: 0 } }],
])('the light is %s when %s', (light, _when, last) => {
  expect(lightOf(last, LIMIT_MS)).toBe(light);
});

test.each<[Light, readonly Light[]]>([
  ['red', ['green', 'grey', 'yellow', 'red']],
  ['yellow', ['green', 'grey', 'yellow', 'green']],
  ['grey', ['green', 'grey', 'green', 'green']],
  ['green', ['green', 'green', 'green', 'green']],
])('%s is the worst of %j', (worst, lights) => {
  expect(worstLight(lights)).toBe(worst);
});

/** Kubernetes read, queue write, queue read, Fluentd write: good, at the limit, old, failed, failed and old, none. */
type Column = 'good' | 'limit' | 'old' | 'fail' | 'fold' | 'none';
type Row = [Column, Column, Column, Column, Answer, Answer, Answer];

const COLUMNS: Readonly<Record<Column, Seen>> = {
  good: FRESH,
  limit: AT_LIMIT,
  old: OLD,
  fail: FAILED,
  fold: { ...FAILED, ageMs: LIMIT_MS + 1 },
  none: NONE,
};

// biome-ignore format: a table
const ROWS: Row[] = [
  // k8s    q/write  q/read  fluentd  read       write      all
  ['good',  'good',  'good',  'good',  'success', 'success', 'success'],
  ['none',  'none',  'none',  'none',  TOO_OLD,   TOO_OLD,   TOO_OLD],
  // Only the age of the writes counts.
  ['none',  'good',  'none',  'good',  'success', 'success', 'success'],
  ['old',   'good',  'old',   'good',  'success', 'success', 'success'],
  ['good',  'limit', 'good',  'limit', 'success', 'success', 'success'],
  ['good',  'old',   'good',  'good',  TOO_OLD,   'success', TOO_OLD],
  ['good',  'none',  'good',  'good',  TOO_OLD,   'success', TOO_OLD],
  ['good',  'good',  'good',  'old',   'success', TOO_OLD,   TOO_OLD],
  ['good',  'good',  'good',  'none',  'success', TOO_OLD,   TOO_OLD],
  ['good',  'old',   'good',  'old',   TOO_OLD,   TOO_OLD,   TOO_OLD],
  // Every operation can fail, however long ago.
  ['fail',  'good',  'good',  'good',  'fail',    'success', 'fail'],
  ['good',  'fail',  'good',  'good',  'fail',    'success', 'fail'],
  ['good',  'good',  'fail',  'good',  'success', 'fail',    'fail'],
  ['good',  'good',  'good',  'fail',  'success', 'fail',    'fail'],
  ['fold',  'good',  'good',  'good',  'fail',    'success', 'fail'],
  ['good',  'good',  'fold',  'good',  'success', 'fail',    'fail'],
  // When both hold, `all` answers the failure, `read` and `write` the age.
  ['fail',  'old',   'good',  'good',  TOO_OLD,   'success', 'fail'],
  ['fail',  'none',  'good',  'good',  TOO_OLD,   'success', 'fail'],
  ['good',  'fold',  'good',  'good',  TOO_OLD,   'success', 'fail'],
  ['good',  'good',  'fail',  'old',   'success', TOO_OLD,   'fail'],
  ['good',  'good',  'fail',  'none',  'success', TOO_OLD,   'fail'],
  ['good',  'good',  'good',  'fold',  'success', TOO_OLD,   'fail'],
  ['fail',  'good',  'good',  'old',   'fail',    TOO_OLD,   'fail'],
  ['good',  'old',   'fail',  'good',  TOO_OLD,   'fail',    'fail'],
  ['fold',  'fold',  'fold',  'fold',  TOO_OLD,   TOO_OLD,   'fail'],
];

test.each(ROWS)('with %s, %s, %s, %s read answers %s, write %s, all %s', (...row) => {
  const [kubernetes, queueWrite, queueRead, log, read, write, all] = row;
  const seen = {
    kubernetes: COLUMNS[kubernetes],
    'queue/write': COLUMNS[queueWrite],
    'queue/read': COLUMNS[queueRead],
    log: COLUMNS[log],
  };
  const answer = (scope: Scope) => answerOf(scope, seen, LIMIT_MS);
  expect({ read: answer('read'), write: answer('write'), all: answer('all') }).toEqual({ read, write, all });
});
