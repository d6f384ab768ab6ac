import { type DatabasePool, eventId } from '@podips/shared';
import type { IpChange, SinkRecord } from '@podips/simulation';
import { withOccurrences } from './truth.js';

/** The errors of the times that the ledger and the messages say, measured against when it really happened. */
export interface TimesVerdict {
  /** Starts and ends that did not happen between the times that the ledger or a message says. */
  readonly outside: readonly string[];
  /** Starts and ends that were seen, not inferred, and whose most likely time is far from the truth. */
  readonly far: readonly string[];
  /** Leases of one address, not a node's, that overlap in every reading of their bounds. */
  readonly contradicting: readonly string[];
  /** How far the bounds of half of the starts and ends are apart at most, in milliseconds. */
  readonly medianWidthMs: number;
}

export interface TimesOptions {
  /** Whether the clock of the node is right: only then is the most likely time judged. */
  readonly isHonest?: (node: string) => boolean;
  /** From when on a most likely time is far from the truth, and from when the kubelet reported it, in milliseconds. */
  readonly farMs?: number;
}

/** The times of the cluster and those of the reader are whole milliseconds of two clocks. */
export const ROUNDING_MS = 1;
/** Nothing that the ledger or a message says is untrue. */
export const TRUE_TIMES = { outside: [], far: [], contradicting: [] } satisfies Partial<TimesVerdict>;

const FAR_MS = 2_000;

interface TimesRow {
  readonly uid: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly status: 'allocated' | 'deallocated';
  readonly inferred: boolean;
  /** Milliseconds since the epoch; null: there are no bounds. */
  readonly best: number;
  readonly from: number | null;
  readonly to: number | null;
}

const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

const TIMES = `
  SELECT pod_uid AS uid, host(ip) AS ip, occurrence, 'allocated' AS status, start_inferred AS inferred,
    ${ms('started_at')} AS best, ${ms('started_not_before')} AS from, ${ms('started_not_after')} AS to FROM leases
  UNION ALL
  SELECT pod_uid, host(ip), occurrence, 'deallocated', end_inferred,
    ${ms('ended_at')}, ${ms('ended_not_before')}, ${ms('ended_not_after')} FROM leases WHERE ended_at <> 'infinity'`;

const CONTRADICTING = `
  SELECT host(one.ip) || ' of ' || one.pod || ' and ' || other.pod AS text
  FROM leases AS one JOIN leases AS other USING (cluster, ip)
  WHERE NOT one.host_network AND NOT other.host_network
    AND (one.pod_uid, one.occurrence) < (other.pod_uid, other.occurrence)
    AND one.started_not_after < coalesce(other.ended_not_before, other.ended_at)
    AND other.started_not_after < coalesce(one.ended_not_before, one.ended_at)
    AND one.started_not_after < coalesce(one.ended_not_before, one.ended_at)
    AND other.started_not_after < coalesce(other.ended_not_before, other.ended_at)`;

/** Compares the bounds in the ledger, and those of every copy of a message, with the truth. */
export async function judgeTimes(
  database: DatabasePool,
  changes: readonly IpChange[],
  records: readonly SinkRecord[],
  options: TimesOptions = {},
): Promise<TimesVerdict> {
  const { rows } = await database.query<TimesRow>(TIMES);
  const ofLedger = rows.map(toSaid);
  const contradicting = await database.query<{ text: string }>(CONTRADICTING);
  return {
    ...judgeSaid([...ofLedger, ...records.map(ofMessage)], changes, options),
    contradicting: contradicting.rows.map(({ text }) => text),
    medianWidthMs: median(ofLedger.map(({ from, to }) => to - from)),
  };
}

/** Compares what is said with the truth. What never happened is judged elsewhere. */
export function judgeSaid(
  said: readonly Said[],
  changes: readonly IpChange[],
  { isHonest = () => true, farMs = FAR_MS }: TimesOptions = {},
): Pick<TimesVerdict, 'outside' | 'far'> {
  const truth = new Map(
    withOccurrences(changes).map((change) => [
      eventId(change.podUid, change.ip, statusOf(change), change.occurrence),
      change,
    ]),
  );
  const pairs = said.flatMap((each) => {
    const change = truth.get(each.id);
    return change === undefined ? [] : [{ ...each, change, happenedMs: change.happenedAt.getTime() }];
  });
  const outside = pairs.filter(
    ({ from, to, happenedMs }) => !(from - ROUNDING_MS <= happenedMs && happenedMs <= to + ROUNDING_MS),
  );
  const far = pairs.filter(
    ({ best, inferred, change }) => !inferred && isHonest(change.node) && distanceMs(best, change) > farMs,
  );
  return { outside: outside.map(describe), far: far.map(describe) };
}

/** What the ledger or a message says about a start or an end. */
export interface Said {
  readonly id: string;
  readonly source: string;
  readonly inferred: boolean;
  readonly from: number;
  readonly best: number;
  readonly to: number;
}

function toSaid({ uid, ip, status, occurrence, inferred, best, from, to }: TimesRow): Said {
  const id = eventId(uid, ip, status, occurrence);
  // Without bounds it says nothing that could be true.
  return { id, source: 'ledger', inferred, best, from: from ?? Number.NaN, to: to ?? Number.NaN };
}

/** The bounds of a message are as far from its time on both sides. */
export function ofMessage({ record }: SinkRecord): Said {
  const best = Date.parse(String(record.timestamp));
  // Null: nothing is known of the earliest time.
  const uncertainty =
    record.uncertainty_ms === null ? Number.POSITIVE_INFINITY : Number(record.uncertainty_ms);
  return {
    id: String(record.event_id),
    source: `message of ${record.observed_at}`,
    inferred: record.inferred === true,
    best,
    from: best - uncertainty,
    to: best + uncertainty,
  };
}

function statusOf({ kind }: IpChange): 'allocated' | 'deallocated' {
  return kind === 'assigned' ? 'allocated' : 'deallocated';
}

function describe({
  source,
  inferred,
  from,
  best,
  to,
  change,
  happenedMs,
}: Said & { change: IpChange; happenedMs: number }) {
  const ofTruth = (time: number) => `${Math.round(time - happenedMs)} ms`;
  const { kind, ip, namespace, pod, node, resourceVersion, at } = change;
  return (
    `${source}${inferred ? ', inferred' : ''}: ${kind} ${ip} ${namespace}/${pod} at ${node}, version ${resourceVersion}, ` +
    `happened at ${change.happenedAt.toISOString()}, reported at ${at.toISOString()}: ` +
    `from ${ofTruth(from)}, best ${ofTruth(best)}, to ${ofTruth(to)}`
  );
}

/** From the nearer of the time when it happened and the time when the API server learned of it. */
function distanceMs(best: number, { happenedAt, at }: IpChange): number {
  return Math.min(Math.abs(best - happenedAt.getTime()), Math.abs(best - at.getTime()));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
