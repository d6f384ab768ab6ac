import {
  aborted,
  type Logger,
  type OperationHealth,
  openPool,
  openStatusFile,
  pause,
  type Running,
  startHeartbeats,
  startOpsServer,
  toError,
  trackOperation,
  withTablesOf,
} from '@podips/shared';
import { type ActiveReader, startActiveReader } from './active-reader.js';
import { createKubeClient, type KubeClient } from './cluster/kube-client.js';
import { awaitLeadership, type Leadership, soleLeadership } from './leadership/leadership.js';
import { openNotes, type ReaderNotes } from './leadership/note.js';
import { createReaderMetrics, type ReaderMetrics } from './metrics.js';
import type { ReaderSettings } from './settings.js';
import { createLedger, type Ledger, type LoadedLedger } from './store/ledger.js';
import { createOutbox, type Outbox } from './store/outbox.js';
import { pruneRegularly } from './store/retention.js';

export interface Reader extends Running {
  readonly httpPort: number;
}

/** What the reader keeps in the database. Tables are made or widened when they are first used. */
export interface ReaderDatabase {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
}

/** What the parts of a reader share. */
export interface ReaderParts {
  readonly settings: ReaderSettings;
  readonly log: Logger;
  readonly metrics: ReaderMetrics;
  readonly health: { readonly kubernetes: OperationHealth; readonly queue: OperationHealth };
  readonly client: KubeClient;
  /** Undefined when no database is set. */
  readonly database: ReaderDatabase | undefined;
  readonly notes: ReaderNotes;
}

const LOAD_RETRY_MS = 1_000;

/**
 * Starts the reader. It waits until it leads, reads the ledger, and then runs what {@link startActiveReader} describes,
 * until it is stopped, another reader leads, or another has taken the ledger: then it begins anew.
 * Resolves at once; the cluster, the broker and the database may still be out of reach then.
 */
export async function startReader(settings: ReaderSettings, log: Logger): Promise<Reader> {
  await using resources = new AsyncDisposableStack();
  const metrics = createReaderMetrics();
  const health = startHealth(settings, log, resources);
  const client = createKubeClient(settings.kubeConfig);
  resources.defer(() => client.close());
  const database = openDatabase(settings, metrics, log, resources);
  const notes = openNotes(settings.statusDir, log);
  const parts = { settings, log, metrics, health, client, database, notes };
  const term: Term = { active: undefined };
  exposeGauges(parts, term);
  const stopping = new AbortController();
  const terms = runTerms(parts, term, stopping.signal);
  resources.defer(async () => {
    stopping.abort();
    await terms;
  });
  const ops = await startOpsServer({
    host: settings.httpHost,
    port: settings.httpPort,
    registry: metrics.registry,
    readiness: () => ({ kubernetes: health.kubernetes.problem, queue: health.queue.problem }),
    log,
  });
  resources.defer(() => ops.stop());
  log.info({ httpPort: ops.port }, 'reader started');
  const running = resources.move();
  return { httpPort: ops.port, stop: () => running.disposeAsync() };
}

/** The time during which this reader leads. */
interface Term {
  active: ActiveReader | undefined;
}

async function runTerms(parts: ReaderParts, term: Term, signal: AbortSignal): Promise<void> {
  const { rival } = parts.notes;
  while (!signal.aborted) {
    const leadership = await becomeLeader(parts, signal);
    if (leadership === undefined) return;
    const ended = new AbortController();
    const active = startActiveReader(parts, await loadPatiently(parts, leadership, signal));
    term.active = active;
    const care = lookAfterLedger(parts, active, leadership, ended.signal);
    // Also when the database was emptied, which is no rival: its next answer corrects the note.
    const fenced = active.fenced.then(() => rival.set(new Date()));
    await Promise.race([leadership.over, fenced, care, aborted(signal)]);
    ended.abort();
    await Promise.all([care, active.stop()]);
    term.active = undefined;
    await leadership.release();
  }
}

async function becomeLeader(
  { settings, log, health, notes }: ReaderParts,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const { database, clusterName: cluster, standbyIntervalMs, databaseWaitMs } = settings;
  if (database === undefined) return soleLeadership();
  const options = { database, cluster, rival: notes.rival, standbyIntervalMs, databaseWaitMs };
  const onStandby = () => {
    health.kubernetes.standsBy();
    health.queue.standsBy();
  };
  const leadership = await awaitLeadership(options, { onStandby }, log, signal);
  if (leadership) log.info({ confirmed: leadership.confirmed }, 'this reader leads');
  return leadership;
}

/** Without the ledger every pod would be told again: worth a wait, as long as the database says that we lead. */
async function loadPatiently(
  parts: ReaderParts,
  leadership: Leadership,
  signal: AbortSignal,
): Promise<LoadedLedger | undefined> {
  const untilMs = performance.now() + parts.settings.databaseWaitMs;
  for (;;) {
    const state = await tryToLoad(parts, leadership);
    const hopeless = parts.database === undefined || !leadership.confirmed || performance.now() > untilMs;
    if (state || hopeless || !(await pause(LOAD_RETRY_MS, signal))) return state;
  }
}

/** The ledger, or undefined when there is none or the database is away. */
async function tryToLoad(
  { database, log }: ReaderParts,
  leadership: Leadership,
): Promise<LoadedLedger | undefined> {
  if (database === undefined || !leadership.confirmed) return undefined;
  try {
    return await database.ledger.load();
  } catch (err) {
    log.warn({ err: toError(err) }, 'the ledger cannot be loaded yet');
    return undefined;
  }
}

/**
 * Loads the ledger as soon as that is possible, if it was not at the start; then deletes from it what is too old. Settles
 * when the signal aborts, or when the ledger cannot be taken in.
 */
async function lookAfterLedger(
  parts: ReaderParts,
  active: ActiveReader,
  leadership: Leadership,
  signal: AbortSignal,
): Promise<void> {
  const { database, settings, log } = parts;
  if (database === undefined) return aborted(signal);
  while (!active.hasLedger && !signal.aborted) {
    await Promise.race([leadership.confirmation, aborted(signal)]);
    const loaded = await tryToLoad(parts, leadership);
    if (loaded === undefined) await pause(LOAD_RETRY_MS, signal);
    else if ((await active.adopt(loaded).catch(unlessAborted(signal))) === false)
      return log.warn('too late to take the ledger in: beginning anew with it');
  }
  if (signal.aborted) return;
  await pruneRegularly(database.ledger, settings.ledgerRetentionDays, log, signal);
}

function startHealth(settings: ReaderSettings, log: Logger, resources: AsyncDisposableStack) {
  const heartbeats = startHeartbeats({
    monitorUrl: settings.monitorUrl,
    tlsVerify: settings.monitorTlsVerify,
    token: settings.heartbeatToken,
    log,
  });
  resources.defer(() => heartbeats.stop());
  const statusFile = (name: 'kubernetes_status' | 'queue_status') =>
    openStatusFile({ dir: settings.statusDir, name, log });
  return {
    kubernetes: trackOperation('kubernetes', statusFile('kubernetes_status'), heartbeats),
    queue: trackOperation('queue/write', statusFile('queue_status'), heartbeats),
  };
}

function openDatabase(
  settings: ReaderSettings,
  metrics: ReaderMetrics,
  log: Logger,
  resources: AsyncDisposableStack,
): ReaderDatabase | undefined {
  if (settings.database === undefined) {
    log.warn(
      'DB_HOST is not set: no outbox and no ledger; what is not delivered when this process ends is lost',
    );
    return undefined;
  }
  const pool = openPool(settings.database, log);
  resources.defer(() => pool.end());
  const withTables = withTablesOf(pool);
  const ledger = createLedger(pool, settings.clusterName, ({ record: { pod, ip }, error }) => {
    metrics.ledgerRefused.inc();
    log.error(
      { err: error, podUid: pod.uid, ip },
      'the database will never take this lease; the ledger has a gap',
    );
  });
  const onEmpty = (rows: number) => {
    metrics.outboxEmpty.inc(rows);
    log.warn({ rows }, 'rows without a message deleted from the outbox');
  };
  return {
    outbox: createOutbox(pool, {
      withTables,
      onEmpty,
      maxSendMs: 10_000 + 2 * settings.queue.receiptTimeoutMs,
    }),
    ledger: {
      load: () => withTables(() => ledger.load()),
      write: (term, batch) => withTables(() => ledger.write(term, batch)),
      prune: (endedBefore, signal) => withTables(() => ledger.prune(endedBefore, signal)),
    },
  };
}

function exposeGauges({ metrics, settings, database }: ReaderParts, term: Term): void {
  const { gauge } = metrics;
  gauge('leads', '1 while this reader publishes, 0 while it stands by', () => (term.active ? 1 : 0));
  gauge('known_pods', 'Pods that are not finished', () => term.active?.knownPods ?? 0);
  gauge(
    'buffered_messages',
    'Messages in memory that are not durable yet',
    () => term.active?.bufferedMessages ?? 0,
  );
  gauge('buffer_limit_messages', 'Most messages in memory', () => settings.maxBufferedMessages);
  if (database === undefined) return;
  gauge('pending_leases', 'Leases that are not in the ledger yet', () => term.active?.pendingLeases ?? 0);
  gauge('pending_limit_leases', 'Most leases in memory for the ledger', () => settings.maxPendingLeases);
  gauge('outbox_messages', 'Rows in the outbox when it was last looked at', () => database.outbox.rows);
}

/** What is given up at a stop is no failure. */
function unlessAborted(signal: AbortSignal) {
  return (err: unknown) => {
    if (!signal.aborted) throw err;
  };
}
