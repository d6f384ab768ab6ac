import { describeCause } from '@podips/shared';
import { formatDuration, minuteUtc } from '../words/format.js';
import type { LastTrouble } from './measure.js';
import type { Counts } from './tally.js';
import { WINDOWS, type WindowName } from './windows.js';

const MINUTE_MS = 60_000;
/** A ledger that is further behind says nothing of now. */
export const BEHIND_MS = 5 * MINUTE_MS;

/** How much of the ledger an answer is based on. */
export interface Basis {
  readonly at: string;
  /** Null: the last two weeks are still being counted. */
  readonly countedUntil: string | null;
  /** Why the ledger cannot be read; null while it can. */
  readonly error: string | null;
}

/** Why an answer does not say what happens now, without a full stop; null: it does. */
export function doubtOf({ at, countedUntil, error }: Basis): string | null {
  const counted = countedUntil === null ? undefined : minuteUtc(Date.parse(countedUntil));
  if (error !== null)
    return `the ledger cannot be read (${error}); ${counted === undefined ? 'nothing was counted yet' : `counted is what happened before ${counted}`}`;
  if (countedUntil === null) return 'the last two weeks are still being counted';
  if (!isBehind(Date.parse(countedUntil), Date.parse(at))) return null;
  return `the ledger is behind: nothing is known of the time after ${counted}`;
}

/** What an answer without workloads says, which is not always that nothing happened. @param nothing such as `None` */
export function nothingWords(basis: Basis, window: WindowName, nothing: string): string {
  const doubt = doubtOf(basis);
  const { at, countedUntil, error } = basis;
  if (error !== null || countedUntil === null) return `Not known${error === null ? ' yet' : ''}: ${doubt}.`;
  const said = `${nothing} ${windowWords(window, Date.parse(countedUntil), Date.parse(at))}.`;
  return doubt === null ? said : `${said} ${doubt[0]?.toUpperCase()}${doubt.slice(1)}.`;
}

/** Whether a ledger that is known up to a time says nothing of now. */
export const isBehind = (knownUntilMs: number, nowMs: number): boolean => nowMs - knownUntilMs > BEHIND_MS;

/**
 * What happened to a workload, as an operator would say it: `14 pods replaced in the last hour, usually 0`.
 * @param when such as `in the last hour`
 */
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
export function windowWords(window: WindowName, knownUntilMs: number, nowMs: number): string {
  const { words } = WINDOWS[window];
  if (!isBehind(knownUntilMs, nowMs)) return `in the ${words}`;
  return `in the ${words.replace('last ', '')} before ${minuteUtc(knownUntilMs)}`;
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
