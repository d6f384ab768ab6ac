import { describe, expect, it } from 'vitest';
import { createWorkloadBook } from './book.js';
import { DAY_MS, ended, HOUR_MS, life, MINUTE_MS, NOW_MS, restart, workload } from './book.test.helpers.js';
import { DEFAULT_LIMITS, instabilityOf } from './unstable.js';

const WEB = workload();
const IMPORT = workload('import', 'Job');

interface Story {
  /** Minutes before now. */
  readonly restarts?: readonly number[];
  readonly failed?: readonly number[];
  readonly replaced?: readonly number[];
  /** Replaced in each hour of the seven days before. */
  readonly usual?: number;
}

function judge({ restarts = [], failed = [], replaced = [], usual = 0 }: Story) {
  const book = createWorkloadBook();
  book.restarted(restart((30 * DAY_MS) / MINUTE_MS, { workload: workload('old') }));
  const earlier = Array.from({ length: 7 * 24 * usual }, (_none, index) => 61 + (index * 60) / usual);
  for (const before of [...earlier.toReversed(), ...replaced]) {
    book.ended(ended(life(before + 300), before, 'Evicted'));
    book.started(life(before - 0.5));
  }
  for (const before of failed) book.ended(ended(life(before + 1, { workload: IMPORT }), before, 'Error', 1));
  for (const before of restarts) book.restarted(restart(before));
  const name = failed.length > 0 ? IMPORT : WEB;
  const page = book.look(name);
  const measured = book.measure(HOUR_MS, NOW_MS).of(name);
  return page && measured && instabilityOf(page, measured, DEFAULT_LIMITS, NOW_MS);
}

/** So many minutes apart, the last one some minutes before now. */
function every(minutes: number, since: number): number[] {
  return Array.from({ length: Math.floor(since / minutes) }, (_none, index) => since - index * minutes - 5);
}

describe('a workload is unstable', () => {
  it.each<[string, Story, string | undefined]>([
    ['with five pods replaced within an hour', { replaced: [55, 45, 35, 25, 15] }, 'replaced'],
    ['not with four', { replaced: [55, 45, 35, 25] }, undefined],
    ['not with five that took longer', { replaced: [70, 45, 35, 25, 15] }, undefined],
    ['with five failed pods', { failed: [50, 49, 47, 43, 35] }, 'replaced'],
    ['with three times of what is usual', { usual: 2, replaced: [55, 45, 35, 25, 15, 5] }, 'replaced'],
    ['with five restarts within an hour', { restarts: [25, 20, 15, 10, 5] }, 'restarts'],
    ['not with four restarts', { restarts: [25, 20, 15, 10] }, undefined],
    ['with one restart in each of six quarters of an hour', { restarts: [95, 80, 65, 50, 35, 20] }, 'loop'],
    ['not when one of them has none', { restarts: [95, 80, 65, 50, 20] }, undefined],
    ['with one restart every twenty minutes for three hours', { restarts: every(20, 190) }, 'loop'],
    ['not for less', { restarts: every(20, 150) }, undefined],
    ['with one restart every twenty minutes for five days', { restarts: every(20, 5 * 24 * 60) }, 'loop'],
    ['not when that is usual', { usual: 2, replaced: every(20, 60) }, undefined],
  ])('%s', (_what, story, expected) => {
    expect(judge(story)).toBe(expected);
  });

  it('not when five are usual, unless that is a steady loop as well', () => {
    expect(judge({ usual: 5, replaced: [55, 50, 45, 40, 10] })).toBeUndefined();
    expect(judge({ usual: 5, replaced: [55, 40, 25, 15, 5] })).toBe('loop');
  });
});
