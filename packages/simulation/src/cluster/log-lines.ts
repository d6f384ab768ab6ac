import type { AddressAt, Holds } from './holds.js';
import type { Random } from './random.js';

/** A line of a log about an address, by a clock that is not quite right. */
export interface LogLine {
  readonly ip: string;
  /** What the log says, in milliseconds since the epoch. */
  readonly atMs: number;
  /** When it really was. */
  readonly wasMs: number;
}

/** An answer to whose the address of a line was. */
export interface LineAnswer {
  readonly verdict: 'pod' | 'node' | 'nobody' | 'outside' | 'unsure';
  readonly pod_uid: string;
  readonly node: string;
}

export interface LogLineOptions {
  readonly truth: Holds;
  readonly random: Random;
  /** The clock of the log is off by at most that. */
  readonly skewMs: number;
  /** Most lines are of this time. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** How lines were answered. */
export interface LineTally {
  right: number;
  unsure: number;
  /** Whose lines had an answer: see {@link isKnowable}. */
  knowable: number;
  knowableAnswered: number;
  readonly wrong: string[];
}

/** A time of which the ledger cannot know everything, in milliseconds since the epoch. */
export interface UnknownTime {
  readonly fromMs: number;
  readonly toMs: number;
}

/** With what lines are compared. */
export interface KnownOfLines extends Omit<LogLineOptions, 'random'> {
  readonly unknown: readonly UnknownTime[];
}

/** A kubelet reports up to two seconds late, and in whole seconds: no ledger knows the time of a change more exactly. */
const RESOLUTION_MS = 3_000;
/** A range that no cluster of the simulation has. */
const ELSEWHERE = '203.0.113.';

export function newTally(): LineTally {
  return { right: 0, unsure: 0, knowable: 0, knowableAnswered: 0, wrong: [] };
}

/** Draws a line: one in four is about a time close to a change of its address, one in twenty about an address from elsewhere. */
export function drawLine({ truth, random, skewMs, fromMs, toMs }: LogLineOptions): LogLine {
  const { ip, atMs: wasMs } =
    random.next() < 0.25 ? truth.drawAroundChange(random) : truth.drawUniform(fromMs, toMs, random);
  const atMs = Math.round(wasMs + (random.next() * 2 - 1) * skewMs);
  return { ip: random.next() < 0.05 ? `${ELSEWHERE}${random.integer(256)}` : ip, atMs, wasMs };
}

/** Counts an answer, after comparing it with what really was. */
export function tallyLine(tally: LineTally, line: LogLine, answer: LineAnswer, known: KnownOfLines): void {
  const { truth } = known;
  const isSure = answer.verdict !== 'unsure';
  if (!isSure) tally.unsure += 1;
  else if (isTrue(truth, line, answer)) tally.right += 1;
  else
    tally.wrong.push(
      `${JSON.stringify(answer)}, but at ${new Date(line.wasMs).toISOString()}: ` +
        truth.describe({ ip: line.ip, atMs: line.wasMs }),
    );
  if (!isKnowable(line, known)) return;
  tally.knowable += 1;
  if (isSure) tally.knowableAnswered += 1;
}

function isTrue(truth: Holds, { ip, wasMs }: LogLine, { verdict, pod_uid, node }: LineAnswer): boolean {
  const holds = truth.at({ ip, atMs: wasMs });
  if (verdict === 'pod') return holds.some(({ podUid }) => podUid === pod_uid);
  if (verdict === 'node') return holds.every((hold) => hold.node === node);
  return holds.length === 0;
}

/**
 * Whether the ledger can know whose it was, with a clock that may be off: it is no time of which not everything is known, and the
 * address did not change hands closer to it than times are exact.
 */
function isKnowable(line: LogLine, { truth, skewMs, fromMs, toMs, unknown }: KnownOfLines): boolean {
  const marginMs = skewMs + RESOLUTION_MS;
  const [firstMs, lastMs] = [line.atMs - marginMs, line.atMs + marginMs];
  if (firstMs < fromMs || lastMs > toMs) return false;
  if (unknown.some((time) => time.fromMs <= lastMs && time.toMs >= firstMs)) return false;
  return isSteady(truth, line, firstMs, lastMs);
}

function isSteady(truth: Holds, { ip }: Pick<AddressAt, 'ip'>, fromMs: number, toMs: number): boolean {
  return !truth
    .of(ip)
    .some((hold) => isWithin(hold.fromMs, fromMs, toMs) || isWithin(hold.toMs, fromMs, toMs));
}

function isWithin(ms: number, fromMs: number, toMs: number): boolean {
  return fromMs <= ms && ms <= toMs;
}
