import type { IncidentView } from './status-view.js';

/** An incident as pages and feed show it: a broker that is down is one, with the operation that failed first. */
export type IncidentRow = IncidentView;

/** The name of both links to the broker together. */
export const BOTH_LINKS = 'Queue write and queue read';

/** Links that fail, and that work again, within this time do so together. */
export const SAME_MS = 60_000;

/** Both links to the broker that fail at once are one incident: it is the broker that does. The newest first. */
export function joinBroker(all: readonly IncidentView[], nowMs: number): IncidentRow[] {
  const partners = new Map<IncidentView, IncidentView>();
  for (const write of all) {
    const taken = [...partners.values()];
    const read = all.find((one) => isSameOutage(write, one, nowMs) && !taken.includes(one));
    if (read !== undefined) partners.set(write, read);
  }
  const joined = new Set(partners.values());
  return all
    .filter((incident) => !joined.has(incident))
    .map((incident) => {
      const read = partners.get(incident);
      return read === undefined ? incident : join(incident, read, nowMs);
    })
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
}

/** Some incidents, and whether there are earlier ones. */
export interface IncidentPage {
  readonly rows: readonly IncidentRow[];
  /** The "before" of the next page; undefined: there is none. */
  readonly nextMs: number | undefined;
}

export interface PageQuery {
  readonly size: number;
  readonly nowMs: number;
  readonly beforeMs?: number | undefined;
}

/** A page of incidents, joined across its ends. Those that began in one moment stand on one page. */
export function pageOf(
  incidents: (limit: number, beforeMs?: number) => readonly IncidentView[],
  { size, nowMs, beforeMs = Infinity }: PageQuery,
): IncidentPage {
  // Both of a pair count, and one of the first may have begun just before the page ends.
  const limit = 2 * size + 50;
  const found = incidents(limit, beforeMs === Infinity ? undefined : beforeMs + SAME_MS);
  const rows = joinBroker(found, nowMs).filter(({ startedAt }) => Date.parse(startedAt) < beforeMs);
  const last = rows[size - 1];
  const shown = last === undefined ? rows : rows.filter(({ startedAt }) => startedAt >= last.startedAt);
  const hasMore = rows.length > shown.length || found.length >= limit;
  const lastMs = Date.parse((shown.at(-1) ?? found.at(-1))?.startedAt ?? '');
  return { rows: shown, nextMs: hasMore ? lastMs : undefined };
}

function isSameOutage(write: IncidentView, read: IncidentView, nowMs: number): boolean {
  const isBroker = write.operation === 'queue/write' && read.operation === 'queue/read';
  return isBroker && isSameTime(write, read, nowMs) && [write, read].every(({ light }) => light === 'red');
}

function isSameTime(write: IncidentView, read: IncidentView, nowMs: number): boolean {
  const [writeEndMs, readEndMs] = [endOf(write, nowMs), endOf(read, nowMs)];
  const isEndSame = Math.abs(writeEndMs - readEndMs) <= SAME_MS;
  const [writeMs, readMs] = [Date.parse(write.startedAt), Date.parse(read.startedAt)];
  return isEndSame && Math.abs(writeMs - readMs) <= SAME_MS && writeMs <= readEndMs && readMs <= writeEndMs;
}

/** When it ended; now, while it has not. */
function endOf({ endedAt }: IncidentView, nowMs: number): number {
  return endedAt === null ? nowMs : Date.parse(endedAt);
}

/** From the earlier start to the later end; with the message of the one that goes on. */
function join(write: IncidentView, read: IncidentView, nowMs: number): IncidentRow {
  const earlier = write.startedAt < read.startedAt ? write : read;
  const isReadLeft = read.endedAt === null && (write.endedAt !== null || write.endIsLatest);
  const isReadLater = read.endedAt !== null && endOf(read, nowMs) > endOf(write, nowMs);
  const later = isReadLeft || isReadLater ? read : write;
  const durationIsLeast = write.durationIsLeast || read.durationIsLeast;
  return {
    ...(isReadLeft ? read : write),
    operation: earlier.operation,
    name: BOTH_LINKS,
    worstAt: (write.worstAt < read.worstAt ? read : write).worstAt,
    changedAt: (write.changedAt < read.changedAt ? read : write).changedAt,
    startedAt: earlier.startedAt,
    startIsLatest: earlier.startIsLatest,
    endedAt: later.endedAt,
    endIsLatest: later.endIsLatest,
    durationIsLeast,
    durationMs: durationIsLeast
      ? Math.max(write.durationMs, read.durationMs)
      : endOf(later, nowMs) - Date.parse(earlier.startedAt),
  };
}
