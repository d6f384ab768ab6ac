import { describeCause } from '@podips/shared';
import { formatDuration, minuteUtc } from '../words/format.js';
import type { LastTrouble, Measure } from './measure.js';
import type { Counts } from './tally.js';
import { WINDOWS, type WindowName } from './windows.js';

const MINUTE_MS = 60_000;
/** A ledger that is further behind says nothing of now. */
export const BEHIND_MS = 5 * MINUTE_MS;

/** What happened to a workload, as an operator would say it: `14 pods replaced in the last hour, usually 0`. */
export function describeMeasure({ counts, usual }: Measure, window: WindowName): string {
  return describeCounts(counts, usual, `in the ${WINDOWS[window].words}`);
}

/** The same for another time. @param when such as `in the last hour` */
export function describeCounts(
  { replaced, restarts, failed }: Pick<Counts, 'replaced' | 'restarts' | 'failed'>,
  usual: number | undefined,
  when: string,
): string {
  const parts = [
    count(replaced, 'pod replaced', 'pods replaced'),
    count(restarts, 'container restart', 'container restarts'),
    count(failed, 'pod failed', 'pods failed'),
  ].filter((part) => part !== '');
  if (parts.length === 0) return `nothing unusual ${when}`;
  return `${parts.join(', ')} ${when}${usual === undefined ? '' : `, usually ${describeUsual(usual)}`}`;
}

/** `in the last hour`, or which hour that was where later ones are not known. */
export function hourWords(knownUntilMs: number, nowMs: number): string {
  if (nowMs - knownUntilMs <= BEHIND_MS) return `in the ${WINDOWS['1h'].words}`;
  return `in the hour before ${minuteUtc(knownUntilMs)}`;
}

/** `OOMKilled, exit code 137, 2 min ago`. */
export function describeLast({ cause, exitCode, atMs }: LastTrouble, nowMs: number): string {
  const agoMs = nowMs - atMs;
  const ago = formatDuration(agoMs < MINUTE_MS ? agoMs : Math.floor(agoMs / MINUTE_MS) * MINUTE_MS);
  return `${causeWords(cause, exitCode)}, ${ago} ago`;
}

/** `OOMKilled, exit code 137`, or that nothing is known. */
export function causeWords(cause: string | null, exitCode: number | null | undefined): string {
  return describeCause(cause ?? '', exitCode ?? undefined) || 'cause not known';
}

function count(number: number, one: string, many: string): string {
  return number === 0 ? '' : `${number} ${number === 1 ? one : many}`;
}

/** Below ten with a digit after the point, where it says something. */
function describeUsual(usual: number): string {
  if (usual > 0 && usual < 0.1) return 'almost none';
  return String(usual < 10 ? Math.round(usual * 10) / 10 : Math.round(usual));
}
