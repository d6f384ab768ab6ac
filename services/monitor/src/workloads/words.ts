import { formatDuration } from '../words/format.js';
import type { LastTrouble, Measure } from './measure.js';
import { WINDOWS, type WindowName } from './windows.js';

const MINUTE_MS = 60_000;

/** What happened to a workload, as an operator would say it: `14 pods replaced in the last hour, usually 0`. */
export function describeMeasure({ counts, trouble, usual }: Measure, window: WindowName): string {
  const parts = [
    count(counts.replaced, 'pod replaced', 'pods replaced'),
    count(counts.restarts, 'container restart', 'container restarts'),
    count(counts.failed, 'pod failed', 'pods failed'),
  ].filter((part) => part !== '');
  const when = `in the ${WINDOWS[window].words}`;
  if (trouble === 0) return `nothing unusual ${when}`;
  return `${parts.join(', ')} ${when}${usual === undefined ? '' : `, usually ${describeUsual(usual)}`}`;
}

/** `OOMKilled, exit code 137, 2 min ago`. */
export function describeLast({ cause, exitCode, atMs }: LastTrouble, nowMs: number): string {
  const agoMs = nowMs - atMs;
  const ago = formatDuration(agoMs < MINUTE_MS ? agoMs : Math.floor(agoMs / MINUTE_MS) * MINUTE_MS);
  return `${describeCause(cause, exitCode)}, ${ago} ago`;
}

/** `OOMKilled, exit code 137`. */
export function describeCause(cause: string, exitCode: number | undefined): string {
  const words = cause === '' ? 'cause not known' : cause;
  return exitCode === undefined ? words : `${words}, exit code ${exitCode}`;
}

function count(number: number, one: string, many: string): string {
  return number === 0 ? '' : `${number} ${number === 1 ? one : many}`;
}

/** Below ten with a digit after the point, where it says something. */
function describeUsual(usual: number): string {
  if (usual > 0 && usual < 0.1) return 'almost none';
  return String(usual < 10 ? Math.round(usual * 10) / 10 : Math.round(usual));
}
