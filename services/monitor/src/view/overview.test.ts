import { expect, test } from 'vitest';
import type { Light } from '../status/lights.js';
import { overviewOf } from './overview.js';

const AT = '2026-01-31T12:00:00.000Z';
const answering = (name: string, light: Light) => ({ name, reachable: true, light, lastAnswerAt: AT });
const gone = (name: string, light: Light) => ({ name, reachable: false, light, lastAnswerAt: AT });
const neverAnswered = (name: string) => ({ name, reachable: false, light: null, lastAnswerAt: null });

test.each([
  ['there are no others', 'yellow', [], 'yellow', ''],
  ['all work', 'green', [answering('ams1', 'green')], 'green', ''],
  ['this one is the worst', 'red', [answering('ams1', 'yellow')], 'red', 'Elsewhere: ams1 silent.'],
  [
    'others are worse, of which the worst comes first',
    'green',
    [answering('ams1', 'yellow'), answering('lon1', 'red')],
    'red',
    'Elsewhere: lon1 failing, ams1 silent.',
  ],
  ['one no longer answers', 'green', [gone('nyc1', 'red')], 'yellow', 'Elsewhere: nyc1 silent.'],
  ['one has never answered', 'green', [neverAnswered('nyc1')], 'grey', 'Elsewhere: nyc1 not known yet.'],
  [
    'many do not work',
    'green',
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => answering(name, 'red')),
    'red',
    'Elsewhere: a failing, b failing, c failing, d failing and 2 more.',
  ],
] as const)('%s', (_when, worst, clusters, overall, elsewhere) => {
  expect(overviewOf(worst, clusters)).toEqual({ overall, elsewhere });
});
