import type { TortureVerdict } from './run.js';

const MEGABYTE = 1_000_000;
/** Half of the bounds are closer together than this, in milliseconds: else all could be true by being uncertain. */
const MEDIAN_WIDTH_BELOW_MS = 3_000;

/** Everything that must not be: empty when all is well. */
export function whatIsWrong(verdict: TortureVerdict): string[] {
  const { missing, untrue, contradicting, overlapping, ledger, lights, times, answers } = verdict;
  const dark = Object.entries(lights).filter(([, light]) => light !== 'green');
  return [
    ...missing.map((change) => `missing: ${change}`),
    ...untrue.map((record) => `untrue: ${record}`),
    ...contradicting.map((records) => `contradicting: ${records}`),
    ...overlapping.map((overlap) => `overlapping: ${overlap}`),
    ...ledger.map((row) => `ledger: ${row}`),
    ...times.outside.map((change) => `did not happen then: ${change}`),
    ...times.far.map((change) => `most likely time far from the truth: ${change}`),
    ...times.contradicting.map((leases) => `contradicting in every reading: ${leases}`),
    ...(times.medianWidthMs < MEDIAN_WIDTH_BELOW_MS ? [] : [`bounds are ${times.medianWidthMs} ms apart`]),
    ...answers.wrong.map((answer) => `wrong answer: ${answer}`),
    ...dark.map(([operation, light]) => `the light of ${operation} is ${light}`),
  ];
}

/** A torture in a few lines: what is wrong first, the verdict in a sentence last. */
export function summarize(verdict: TortureVerdict): string[] {
  const wrong = whatIsWrong(verdict);
  const { faults, changes, duplicates, excused, excusedOverlaps, gaps, peakBytes, answers } = verdict;
  const reasons = Map.groupBy(gaps, ({ reason }) => reason);
  const peaks = Object.entries(peakBytes).map(
    ([service, bytes]) => `${service} ${Math.round(bytes / MEGABYTE)} MB`,
  );
  return [
    ...wrong,
    `gaps: ${[...reasons].map(([reason, { length }]) => `${length} ${reason}`).join(', ') || 'none'}; ` +
      `${excused} changes and ${excusedOverlaps} overlaps lie in them`,
    `bounds of starts and ends: half of them at most ${Math.round(verdict.times.medianWidthMs)} ms apart`,
    `answers: ${answers.right} right, ${answers.unsure} not sure, ${answers.wrong.length} wrong`,
    `records that came more than once: ${duplicates}; memory at most: ${peaks.join(', ')}`,
    `${faults} faults, ${changes} changes: ` +
      (wrong.length === 0 ? 'nothing lost, nothing untrue' : `${wrong.length} things are wrong`),
  ];
}
