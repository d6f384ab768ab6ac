import { type Connection, toTimestamp } from '../ledger/queries.js';
import type { PodLife, Restart } from './facts.js';
import type { Interner } from './interner.js';

/** Something that happened, as the ledger has it. Times in milliseconds since the epoch. */
export type Fact =
  | {
      readonly what: 'started';
      readonly atMs: number;
      readonly held: HeldAddress;
      /** The pod runs. Of one that has ended the end is another fact. */
      readonly isOpen: boolean;
    }
  | { readonly what: 'ended'; readonly atMs: number; readonly held: HeldAddress }
  /** A pod failed before it had an address. */
  | { readonly what: 'rejected'; readonly atMs: number; readonly life: PodLife }
  | { readonly what: 'restarted'; readonly atMs: number; readonly restart: Restart };

/** A pod's hold on one of its addresses. */
export interface HeldAddress {
  readonly life: PodLife;
  readonly ip: string;
  readonly occurrence: number;
  /** It ended because the pod got another address: the pod lives on. */
  readonly isChanged: boolean;
}

/** Of what time facts are read: from its beginning to before its end, in milliseconds since the epoch; it may be infinite. */
export interface ReadSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Namespace, kind and workload, which hold no slash; UID, pod and node. */
type Subject = [string, string, string, string];
type StartRow = [...Subject, number, string, string, number, boolean];
type EndRow = [...Subject, number, string, string, number, number, string, string | null, number | null];
type RejectedRow = [...Subject, number, string, string, number | null];
type RestartRow = [...Subject, number, string, number, number, string, number | null];

// Few columns, and times as numbers: reading millions of rows takes longer than finding them.
const SUBJECT = `namespace || '/' || workload_kind || '/' || workload, pod_uid, pod, node`;
const START = `${SUBJECT}, date_part('epoch', started_at), host(ip), coalesce(revision, ''), occurrence`;
const IN_SPAN = (column: string) => `cluster = $1 AND ${column} >= $2 AND ${column} < $3`;

/** In the order in which facts of the same time are told: what began may have taken the place of what ended. */
const CURSORS = {
  ended: `SELECT ${START}, date_part('epoch', ended_at), end_reason, end_cause, exit_code FROM leases
    WHERE ${IN_SPAN('ended_at')} AND ended_at <> 'infinity' AND workload IS NOT NULL ORDER BY ended_at`,
  restarted: `SELECT ${SUBJECT}, date_part('epoch', ended_at), container, restarts_before, restarts, cause, exit_code FROM restarts
    WHERE ${IN_SPAN('ended_at')} ORDER BY ended_at`,
  rejected: `SELECT ${SUBJECT}, date_part('epoch', ended_at), revision, cause, exit_code FROM failed_pods
    WHERE ${IN_SPAN('ended_at')} ORDER BY ended_at`,
  started: `SELECT ${START}, ended_at = 'infinity' OR end_reason = 'changed' FROM leases WHERE ${IN_SPAN('started_at')} AND workload IS NOT NULL ORDER BY started_at`,
};

/**
 * Everything that happened to pods of a cluster in a span of time, in the order of its times and in parts of few: whoever
 * reads them has other things to do. Needs a transaction.
 */
export async function* readFacts(
  connection: Connection,
  cluster: string,
  { fromMs, toMs }: ReadSpan,
  { intern, atATime }: { readonly intern: Interner; readonly atATime: number },
): AsyncGenerator<readonly Fact[]> {
  const span = [cluster, toTimestamp(fromMs), toTimestamp(toMs)];
  const streams = [
    new Stream<EndRow>('ended', (row) => toEnd(cluster, row, intern)),
    new Stream<RejectedRow>('rejected', (row) => toRejected(cluster, row, intern)),
    new Stream<RestartRow>('restarted', (row) => toRestart(cluster, row, intern)),
    new Stream<StartRow>('started', (row) => toStart(cluster, row, intern)),
  ];
  for (const { what } of streams)
    await connection.query(`DECLARE ${what} NO SCROLL CURSOR FOR ${CURSORS[what]}`, span);
  for (;;) {
    for (const stream of streams) await stream.fill(connection, atATime);
    const part = inOrder(streams);
    if (part.length === 0) break;
    yield part;
  }
  for (const { what } of streams) await connection.query(`CLOSE ${what}`);
}

/** Facts of one kind, read as they are needed. */
class Stream<Row extends unknown[]> {
  readonly what: Fact['what'];
  readonly #toFact: (row: Row) => Fact;
  #facts: Fact[] = [];
  #next = 0;
  #isOver = false;

  constructor(what: Fact['what'], toFact: (row: Row) => Fact) {
    this.what = what;
    this.#toFact = toFact;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get first(): Fact | undefined {
    return this.#facts[this.#next];
  }

  skip(): void {
    this.#next += 1;
  }

  async fill(connection: Connection, rows: number): Promise<void> {
    if (this.#isOver || this.first !== undefined) return;
    const query = { text: `FETCH ${rows} FROM ${this.what}`, rowMode: 'array' } as const;
    const answer = await connection.query<Row>(query);
    this.#facts = answer.rows.map(this.#toFact);
    this.#next = 0;
    this.#isOver = answer.rows.length < rows;
  }
}

/** Takes facts until a stream has to be read before it is known which one is next. */
function inOrder(streams: readonly Pick<Stream<never>, 'first' | 'isOver' | 'skip'>[]): Fact[] {
  const part: Fact[] = [];
  for (;;) {
    let next: Pick<Stream<never>, 'first' | 'skip'> | undefined;
    for (const stream of streams) {
      if (stream.first === undefined && !stream.isOver) return part;
      if (stream.first !== undefined && !(next?.first && next.first.atMs <= stream.first.atMs)) next = stream;
    }
    if (next?.first === undefined) return part;
    part.push(next.first);
    next.skip();
  }
}

function toStart(cluster: string, row: StartRow, intern: Interner): Fact {
  const [workload, podUid, pod, node, startedAt, ip, revision, occurrence, isOpen] = row;
  const startedAtMs = toMs(startedAt);
  const life = {
    workload: intern.workload(cluster, workload),
    ...{ podUid, pod, ip, startedAtMs },
    node: intern.text(node),
    revision: intern.text(revision),
    end: undefined,
  };
  return { what: 'started', atMs: startedAtMs, held: { life, ip, occurrence, isChanged: false }, isOpen };
}

function toEnd(cluster: string, row: EndRow, intern: Interner): Fact {
  const [workload, podUid, pod, node, startedAt, ip, revision, occurrence, endedAt, reason, cause, exitCode] =
    row;
  const atMs = toMs(endedAt);
  const life = {
    workload: intern.workload(cluster, workload),
    ...{ podUid, pod, ip },
    startedAtMs: toMs(startedAt),
    node: intern.text(node),
    revision: intern.text(revision),
    end: { atMs, cause: intern.text(cause ?? ''), exitCode: exitCode ?? undefined },
  };
  return { what: 'ended', atMs, held: { life, ip, occurrence, isChanged: reason === 'changed' } };
}

function toRejected(cluster: string, row: RejectedRow, intern: Interner): Fact {
  const [workload, podUid, pod, node, endedAt, revision, cause, exitCode] = row;
  const atMs = toMs(endedAt);
  const life = {
    workload: intern.workload(cluster, workload),
    ...{ podUid, pod, ip: '', startedAtMs: atMs },
    node: intern.text(node),
    revision: intern.text(revision),
    end: { atMs, cause: intern.text(cause), exitCode: exitCode ?? undefined },
  };
  return { what: 'rejected', atMs, life };
}

function toRestart(cluster: string, row: RestartRow, intern: Interner): Fact {
  const [workload, podUid, pod, node, endedAt, container, countBefore, count, cause, exitCode] = row;
  const atMs = toMs(endedAt);
  const restart = {
    workload: intern.workload(cluster, workload),
    ...{ podUid, pod, container, countBefore, count, atMs },
    node: intern.text(node),
    cause: intern.text(cause),
    exitCode: exitCode ?? undefined,
  };
  return { what: 'restarted', atMs, restart };
}

const toMs = (seconds: number) => Math.round(seconds * 1_000);
