import { isUpToDate } from '../ledger/coverage.js';
import {
  type Connection,
  findCoverage,
  findGapsWithin,
  type GapRow,
  MAX_ROWS,
  type Rows,
} from '../ledger/queries.js';
import { type AskedSpan, gapsOf, least, most, spanOf, toProbe } from './asked-span.js';
import { type Conclusion, conclude, type Span, unsure } from './conclude.js';
import type { Known, LookupAsker } from './known.js';
import { type LookupAnswer, toAnswer } from './lookup-answer.js';
import type { Asked } from './lookup-question.js';
import { createMoment, type Moment, type Near } from './memory.js';
import { findNear, recallNear } from './near.js';
import { concludeOfAll, findElsewhere, type Judged, withDoubts } from './others.js';
import { findGapsOf, keepGaps, type ReadAtOnce, readAhead } from './read-ahead.js';
import { createScopes, type Scope } from './scopes.js';
import { findSurroundings, isOutside, surroundingsOf } from './surroundings.js';
import { dayOf, windowOf } from './window.js';

export interface Answered {
  readonly answer: LookupAnswer;
  /** It will be the same for ever, but for what retention deletes. */
  readonly isSettled: boolean;
  /** It is not known yet, but a ledger that is being written will soon reach that time. */
  readonly isPending: boolean;
}

/** How the ledger is read. */
export interface LedgerReads {
  /** Runs work with a connection in a transaction, so that leases, gaps and watermarks are of the same moment. */
  readonly inTransaction: <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;
  readonly atOnce: ReadAtOnce;
}

/** Most gaps that are held in memory for a batch. */
const MAX_GAPS = 5_000;

/** Answers questions from memory, into which is read what they need; those that it cannot answer by statements of their own. */
export async function answerBatch(
  reads: LedgerReads,
  questions: readonly Asked[],
  asker: LookupAsker,
): Promise<Answered[]> {
  const { recent } = asker.memory;
  const kept = recent.isDue() ? undefined : recent.current();
  // Without questions it says whether the ledger can be read.
  const moment =
    kept !== undefined && questions.length > 0
      ? kept
      : await reads.inTransaction((connection) => readMoment(connection, asker));
  const known = knownAt(moment, asker);
  const asked = questions.map((question) => toSpan(question, known));
  const answers = asked.map((each) => recallAnswer(each, known));
  const unread = asked.filter((each, n) => answers[n] === undefined && isCovered(each, known));
  await readAhead(reads.atOnce, unread.map(toProbe), known);
  for (const [n, each] of asked.entries()) answers[n] ??= recallAnswer(each, known);
  const open = questions.flatMap((question, n) => (answers[n] === undefined ? [{ question, n }] : []));
  if (open.length > 0) {
    const left = open.map(({ question }) => question);
    const answered = await reads.inTransaction((connection) => answerByReading(connection, left, asker));
    for (const [at, answer] of answered.entries()) answers[open[at]?.n ?? 0] = answer;
  }
  return answers.map(required);
}

/** Answers a question about which all is in memory. */
export function answerFromMemory(question: Asked, asker: LookupAsker): Answered | undefined {
  const moment = asker.memory.recent.current();
  if (moment === undefined) return undefined;
  const known = knownAt(moment, asker);
  return recallAnswer(toSpan(question, known), known);
}

function knownAt(moment: Moment, asker: LookupAsker): Known {
  return { ...asker, moment, scopeOf: createScopes(moment.coverage) };
}

function toSpan(question: Asked, known: Known): AskedSpan {
  return { question, span: spanOf(question, known.scopeOf, known) };
}

function recallAnswer(asked: AskedSpan, known: Known): Answered | undefined {
  if (!isCovered(asked, known)) return undefined;
  const probe = toProbe(asked);
  const near = recallNear(probe, known.memory);
  const gaps = known.moment.gapsOf(dayOf(probe));
  if (near === undefined || gaps === undefined) return undefined;
  const isOutsideOf = (cluster?: string) => isOutside(probe.ip, probe.toMs, known.memory, cluster);
  return answerOf(asked, judge(asked, near, gaps, known), known, isOutsideOf);
}

/** Whether all that it asks about was known at that moment. */
function isCovered({ question: { cluster }, span: { toMs } }: AskedSpan, { scopeOf }: Known): boolean {
  return toMs <= scopeOf(cluster).allKnownUntilMs;
}

/** Leases, gaps and coverage are of one moment, that of the transaction. */
async function answerByReading(
  connection: Connection,
  questions: readonly Asked[],
  asker: LookupAsker,
): Promise<Answered[]> {
  const known = knownAt(await readMoment(connection, asker), asker);
  const asked = questions.map((question) => toSpan(question, known));
  return answerSpans(connection, asked, known);
}

/**
 * Reads what the ledger covers, and the gaps of the days that were asked about lately: else the next questions had to wait for
 * these.
 */
async function readMoment(connection: Connection, { memory: { recent } }: LookupAsker): Promise<Moment> {
  const askedMs = recent.nowMs();
  const moment = createMoment(await findCoverage(connection), askedMs);
  const days = recent.daysAsked();
  keepGaps(moment, days, await findGapsOf(connection, days));
  recent.keep(moment);
  return moment;
}

async function answerSpans(
  connection: Connection,
  asked: readonly AskedSpan[],
  known: Known,
): Promise<Answered[]> {
  if (asked.length === 0) return [];
  const { memory, scopeOf } = known;
  const gaps = await findGaps(connection, asked, known);
  // Rarely are there so many; then there are fewer in a part of the time.
  if (gaps.more && asked.length > 1) return answerHalves(connection, asked, known);
  const { allKnownUntilMs } = scopeOf(undefined);
  const probes = asked.map(toProbe);
  const outside = await findSurroundings(connection, probes, { allKnownUntilMs, memory });
  const near = await findNear(connection, probes, {
    isKnown: ({ cluster, toMs }) => toMs <= scopeOf(cluster).allKnownUntilMs,
    knownUntil: (probe, cluster) => scopeOf(probe.cluster).knownUntil(cluster),
    memory,
  });
  const judged = asked.map((each, n) => judge(each, required(near[n]), gaps.rows, known));
  const elsewhere = asked.flatMap(({ question: { ip }, span: { toMs } }, n) =>
    (judged[n]?.doubts ?? []).map(({ cluster }) => ({ ip, cluster, toMs })),
  );
  const { knownUntil } = scopeOf(undefined);
  const isNoneNear = await findElsewhere(connection, elsewhere, { knownUntil, memory });
  return asked.map((each, n) => {
    const { ip } = each.question;
    const isOutsideOf = (cluster?: string) =>
      cluster === undefined ? outside.has(surroundingsOf(ip)) : isNoneNear(ip, cluster);
    return required(answerOf(each, required(judged[n]), known, isOutsideOf));
  });
}

/** The gaps that the questions may depend on; those of a day are kept. */
async function findGaps(
  connection: Connection,
  asked: readonly AskedSpan[],
  { moment }: Known,
): Promise<Rows<GapRow>> {
  const [fromMs, toMs] = [least(asked), most(asked)];
  const day = dayOf({ fromMs });
  const window = windowOf(day);
  if (toMs >= window.toMs) return findGapsWithin(connection, fromMs, toMs, MAX_GAPS);
  const kept = moment.gapsOf(day);
  if (kept !== undefined) return { rows: kept, more: false };
  const gaps = await findGapsWithin(connection, window.fromMs, window.toMs, MAX_GAPS);
  if (gaps.more) return findGapsWithin(connection, fromMs, toMs, MAX_GAPS);
  moment.keepGaps(day, gaps.rows);
  return gaps;
}

function judge({ question, span }: AskedSpan, near: Near, gaps: readonly GapRow[], known: Known): Judged {
  const scope = known.scopeOf(question.cluster);
  const { coverage } = scope;
  if (scope.problem !== undefined) return { conclusion: unsure([scope.problem]), doubts: [] };
  const isHeld = near.some(({ startTo, endFrom }) => startTo <= span.fromMs && span.toMs < endFrom);
  const touching = gapsOf(gaps, { question, span }, known.cluster);
  const conclusion = conclude({
    span,
    near,
    more: near.length > MAX_ROWS,
    // Where a pod surely had the address, only those matter in which a clock was set.
    gaps: isHeld ? touching.filter(({ reason }) => reason === 'clock') : touching,
    coverage,
    nowMs: known.nowMs,
  });
  return withDoubts(conclusion, span, touching, coverage);
}

/**
 * @param isOutsideOf whether the address is outside of the ledger, or of that of a cluster; undefined when it is not known
 * @returns undefined when that is needed
 */
function answerOf(
  { question, span }: AskedSpan,
  judged: Judged,
  known: Known,
  isOutsideOf: (cluster?: string) => boolean | undefined,
): Answered | undefined {
  const conclusion = concludeOfAll(judged, isOutsideOf);
  const scope = known.scopeOf(question.cluster);
  const isNobody = conclusion?.verdict === 'nobody';
  const isFarFromAll = isNobody ? isOutsideOf() : false;
  if (conclusion === undefined || isFarFromAll === undefined) return undefined;
  return {
    answer: toAnswer(question.ip, span, conclusion, isFarFromAll),
    isSettled: isSettled(question, span, conclusion, scope),
    isPending: conclusion.verdict === 'unsure' && isPending(span, scope, known.nowMs),
  };
}

function required<T>(answer: T | undefined): T {
  if (answer === undefined) throw new Error('a question has no answer');
  return answer;
}

/** The earlier and the later half; the answers are in the order of the questions. */
async function answerHalves(
  connection: Connection,
  asked: readonly AskedSpan[],
  known: Known,
): Promise<Answered[]> {
  const order = asked
    .map((_, n) => n)
    .toSorted((a, b) => (asked[a]?.span.atMs ?? 0) - (asked[b]?.span.atMs ?? 0));
  const middle = order.length >> 1;
  const answers: Answered[] = [];
  for (const half of [order.slice(0, middle), order.slice(middle)]) {
    const part = await answerSpans(
      connection,
      half.flatMap((n) => asked[n] ?? []),
      known,
    );
    for (const [at, answer] of part.entries()) answers[half[at] ?? 0] = answer;
  }
  return answers;
}

function isSettled(
  { at }: Asked,
  { toMs }: Span,
  conclusion: Conclusion,
  { allKnownUntilMs }: Scope,
): boolean {
  if (conclusion.verdict === 'pod' && conclusion.lease.times.endedMs === null) return false;
  return at !== undefined && toMs <= allKnownUntilMs;
}

function isPending({ toMs }: Span, { coverage }: Scope, nowMs: number): boolean {
  return coverage.some((each) => each.knownUntilMs < toMs && isUpToDate(each, nowMs));
}
