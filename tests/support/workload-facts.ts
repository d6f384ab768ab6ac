import { type DatabasePool, describeCause } from '@podips/shared';
import type { IpChange, RestartFact } from '@podips/simulation';
import { ROUNDING_MS } from './times.js';
import { causeOf, causesOfPods, type Gap, liesIn, withOccurrences } from './truth.js';

interface EndRow {
  readonly uid: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly pod: string;
  readonly inferred: boolean;
  readonly cause: string | null;
  readonly exitCode: number | null;
}

const ENDS = `
  SELECT pod_uid AS uid, host(ip) AS ip, occurrence, pod, end_inferred AS inferred, end_cause AS cause,
    exit_code AS "exitCode" FROM leases WHERE ended_at <> 'infinity'`;

/** Ends of leases whose cause is in the ledger otherwise than it was. One that was not seen may lack it. */
export async function judgeCauses(database: DatabasePool, changes: readonly IpChange[]): Promise<string[]> {
  const released = withOccurrences(changes).filter(({ kind }) => kind === 'released');
  const causes = new Map(
    released.map((change) => [`${change.podUid} ${change.ip} ${change.occurrence}`, causeOf(change)]),
  );
  // An address that the pod gave up unseen ends with the pod.
  const ofPods = causesOfPods(changes);
  return (await database.query<EndRow>(ENDS)).rows.flatMap((row) => {
    const { uid, ip, occurrence, pod, inferred } = row;
    const said = describeCause(row.cause ?? '', row.exitCode ?? undefined);
    const cause = causes.get(`${uid} ${ip} ${occurrence}`);
    const isRight = said === cause || (inferred && ['', ofPods.get(uid)].includes(said));
    return isRight ? [] : [`${pod} lost ${ip} by "${said}", and not by "${cause}"`];
  });
}

interface RestartRow {
  readonly uid: string;
  readonly pod: string;
  readonly container: string;
  readonly count: number;
  readonly before: number;
  readonly cause: string;
  readonly exitCode: number | null;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

const RESTARTS = `
  SELECT pod_uid AS uid, pod, container, restarts AS count, restarts_before AS before, cause, exit_code AS "exitCode",
    (extract(epoch FROM ended_not_before) * 1000)::float8 AS from, (extract(epoch FROM ended_not_after) * 1000)::float8 AS to
  FROM restarts ORDER BY pod_uid, container, restarts`;

/**
 * Restarts of containers that the ledger has otherwise than they were. Of those in a gap it knows how many they were, by
 * the first one after it that was seen, if there was one.
 */
export async function judgeRestarts(
  database: DatabasePool,
  facts: readonly RestartFact[],
  gaps: readonly Gap[],
): Promise<string[]> {
  const { rows } = await database.query<RestartRow>(RESTARTS);
  const recorded = new Set(rows.map(keyOf));
  const happened = new Map(facts.map((fact) => [keyOf({ ...fact, uid: fact.podUid }), fact]));
  const missing = [...happened].filter(([key, fact]) => !recorded.has(key) && !liesIn(gaps, fact));
  return [
    ...missing.map(([key, { pod }]) => `not in the ledger: restart ${key} of ${pod}`),
    ...rows.flatMap((row, index) => findWrong(row, happened.get(keyOf(row)), rows[index - 1])),
  ];
}

const keyOf = ({ uid, container, count }: Pick<RestartRow, 'uid' | 'container' | 'count'>) =>
  `${uid} ${container} ${count}`;

function findWrong(
  row: RestartRow,
  fact: RestartFact | undefined,
  previous: RestartRow | undefined,
): string[] {
  const what = `restart ${keyOf(row)} of ${row.pod}`;
  if (fact === undefined) return [`only in the ledger: ${what}`];
  const said = describeCause(row.cause, row.exitCode ?? undefined);
  const cause = describeCause(fact.reason, fact.exitCode);
  const [fromMs, toMs] = [row.from, row.to].map((at) => at - fact.happenedAt.getTime());
  const isWithin = Number(fromMs) <= ROUNDING_MS && Number(toMs) >= -ROUNDING_MS;
  const isSame = previous?.uid === row.uid && previous.container === row.container;
  return [
    ...(said === cause ? [] : [`${what} by "${said}", and not by "${cause}"`]),
    ...(isWithin ? [] : [`${what} did not happen then: from ${fromMs} ms to ${toMs} ms`]),
    ...(isSame && row.before < previous.count ? [`${what} counts more than once`] : []),
  ];
}
