import { type Asker, toGap } from '../ledger/asker.js';
import { type Coverage, knownUntil, newestKnown } from '../ledger/coverage.js';
import type { GapView } from '../ledger/ledger-view.js';
import {
  type Connection,
  findCoverage,
  findGapsWithin,
  type GapRow,
  MAX_ROWS,
  touches,
} from '../ledger/queries.js';
import { findOutside, type Probe } from './batch-queries.js';
import { type Conclusion, conclude, type LookupFacts, type Span } from './conclude.js';
import type { LeaseCache } from './lease-cache.js';
import { type LookupAnswer, toAnswer } from './lookup-answer.js';
import type { LookupQuestion, LookupTerms } from './lookup-question.js';
import { findNear } from './near.js';

/** A question with its terms. */
export type Asked = LookupQuestion & LookupTerms;

export interface Answered {
  readonly answer: LookupAnswer;
  /** It will be the same for ever, but for what retention deletes. */
  readonly isSettled: boolean;
}

/** Who asks, and what is known from earlier questions. */
export interface LookupAsker extends Asker {
  readonly cache: LeaseCache;
}
/** Most gaps that are held in memory for a batch. */
const MAX_GAPS = 5_000;

/**
 * Answers questions by a few statements for all of them together.
 * @param connection one in a transaction, so that leases, gaps and watermarks are of the same moment
 */
export async function answerBatch(
  connection: Connection,
  questions: readonly Asked[],
  asker: LookupAsker,
): Promise<Answered[]> {
  const coverage = await findCoverage(connection);
  const scopeOf = createScopes(coverage);
  const asked = questions.map(
    (question): AskedSpan => ({ question, span: spanOf(question, scopeOf, asker) }),
  );
  return answerSpans(connection, asked, { ...asker, scopeOf });
}

interface AskedSpan {
  readonly question: Asked;
  readonly span: Span;
}

interface Known extends LookupAsker {
  readonly scopeOf: ScopeOf;
}

async function answerSpans(
  connection: Connection,
  asked: readonly AskedSpan[],
  known: Known,
): Promise<Answered[]> {
  if (asked.length === 0) return [];
  const gaps = await findGapsWithin(connection, least(asked), most(asked), MAX_GAPS);
  // Rarely are there so many; then there are fewer in a part of the time.
  if (gaps.more && asked.length > 1) return answerHalves(connection, asked, known);
  const near = await findNear(connection, asked.map(toProbe), {
    knownUntil: (probe, cluster) => known.scopeOf(probe.cluster).knownUntil(cluster),
    allKnownUntil: (probe) => known.scopeOf(probe.cluster).allKnownUntilMs,
    cache: known.cache,
  });
  const facts = asked.map(({ question, span }, n) => {
    const { coverage } = known.scopeOf(question.cluster);
    const leases = near[n] ?? [];
    const more = leases.length > MAX_ROWS;
    const touching = gapsOf(gaps.rows, { question, span }, leases, known.cluster);
    return { span, near: leases, more, gaps: touching, coverage, nowMs: known.nowMs };
  });
  const conclusions = facts.map(conclude);
  const free = asked.flatMap(({ question }, n) =>
    conclusions[n]?.verdict === 'nobody' ? [question.ip] : [],
  );
  const outside = await findOutside(connection, [...new Set(free)]);
  return asked.map(({ question, span }, n) => {
    const conclusion = conclusions[n];
    if (conclusion === undefined) throw new Error('a question has no conclusion');
    return {
      answer: toAnswer(question.ip, span, conclusion, outside.has(question.ip)),
      isSettled: isSettled(question, span, conclusion, known.scopeOf(question.cluster)),
    };
  });
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

/** What is known of the clusters of a question. */
interface Scope {
  readonly coverage: readonly Coverage[];
  readonly knownUntil: (cluster: string) => number;
  /** Up to then the changes of all of them are known. */
  readonly allKnownUntilMs: number;
}

type ScopeOf = (cluster: string | undefined) => Scope;

function createScopes(all: readonly Coverage[]): ScopeOf {
  const scopes = new Map<string | undefined, Scope>();
  return (wanted) => {
    const made = scopes.get(wanted);
    if (made !== undefined) return made;
    const coverage = wanted === undefined ? all : all.filter(({ cluster }) => cluster === wanted);
    const allKnownUntilMs =
      coverage.length === 0
        ? Number.NEGATIVE_INFINITY
        : Math.min(...coverage.map(({ knownUntilMs }) => knownUntilMs));
    const scope = { coverage, knownUntil: knownUntil(coverage), allKnownUntilMs };
    scopes.set(wanted, scope);
    return scope;
  };
}

/** Now is the newest time of which everything is known. A time that was written less exactly lasts as long as its unit. */
function spanOf({ at, skewMs, cluster }: Asked, scopeOf: ScopeOf, asker: Asker): Span {
  if (at !== undefined) {
    const { ms, precisionMs } = at;
    return { atMs: ms, fromMs: ms - skewMs, toMs: ms + precisionMs - 1 + skewMs };
  }
  const nowMs = newestKnown(scopeOf(cluster).coverage, cluster ?? asker.cluster) ?? asker.nowMs;
  return { atMs: nowMs, fromMs: nowMs, toMs: nowMs };
}

function toProbe({ question: { ip, cluster }, span: { fromMs, toMs } }: AskedSpan): Probe {
  return { ip, cluster, fromMs, toMs };
}

/** The gaps that an answer depends on: where a pod surely had the address, only those in which a clock was set. */
function gapsOf(
  gaps: readonly GapRow[],
  { question: { cluster }, span: { fromMs, toMs } }: AskedSpan,
  near: LookupFacts['near'],
  own: string,
): readonly GapView[] {
  if (gaps.length === 0) return [];
  const isHeld = near.some(({ startTo, endFrom }) => startTo <= fromMs && toMs < endFrom);
  return gaps
    .filter(
      (gap) => (!isHeld || gap.reason === 'clock') && (cluster === undefined || gap.cluster === cluster),
    )
    .filter((gap) => touches(gap, fromMs, toMs))
    .map((gap) => toGap(gap, own));
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

function least(asked: readonly AskedSpan[]): number {
  return asked.reduce((ms, { span }) => Math.min(ms, span.fromMs), Number.POSITIVE_INFINITY);
}

function most(asked: readonly AskedSpan[]): number {
  return asked.reduce((ms, { span }) => Math.max(ms, span.toMs), Number.NEGATIVE_INFINITY);
}
