import {
  checkTables,
  type DatabasePool,
  type Logger,
  type OperationHealth,
  openPool,
  pause,
  setupProblem,
  toError,
  type WithTables,
  withTablesOf,
} from '@podips/shared';
import type { ReaderMetrics } from '../metrics.js';
import type { ReaderDatabase } from '../parts.js';
import type { ReaderSettings } from '../settings.js';
import { createLedger, type RefusedRecord } from './ledger.js';
import { LedgerState } from './ledger-state.js';
import { createOutbox } from './outbox.js';
import type { CurrentTerm } from './term-writes.js';

export interface ReaderDatabaseDeps {
  readonly settings: ReaderSettings;
  readonly metrics: ReaderMetrics;
  /** Is not healthy while there is nowhere to put what the queue does not accept. */
  readonly queue: Pick<OperationHealth, 'impaired'>;
  readonly log: Logger;
}

const CHECK_MS = 10_000;

/** Opens outbox and ledger without waiting for the database; undefined when none is set. `resources` close it. */
export function openReaderDatabase(
  { settings, metrics, queue, log }: ReaderDatabaseDeps,
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
  const setup = new Setup(queue, log);
  checkAtStart(pool, setup, resources);
  const ledgerState = new LedgerState();
  const withTables = withTablesOf(pool, (isRunning) => ledgerState.migrating(isRunning));
  const forOutbox = setup.watching('outbox', withTables);
  const forLedger = setup.watching('ledger', withTables);
  const onRefused = ({ record, error }: RefusedRecord) => {
    metrics.ledgerRefused.inc();
    const what = 'ip' in record ? 'lease' : 'container' in record ? 'restart' : 'failure';
    const { ip, container } = { ip: undefined, container: undefined, ...record };
    log.error(
      { err: error, podUid: record.pod.uid, ip, container },
      `database refuses this ${what} for good; the ledger has a gap`,
    );
  };
  const onEmpty = (rows: number) => {
    metrics.outboxEmpty.inc(rows);
    log.warn({ rows }, 'rows without a message deleted from the outbox');
  };
  const current: CurrentTerm = { writes: undefined };
  const scope = { ...settings.scope, secondaryNetworks: settings.secondaryNetworks };
  const ledger = createLedger(pool, settings.clusterName, { onRefused, current, scope });
  return {
    get problem() {
      return setup.problem;
    },
    ledgerState,
    outbox: createOutbox(pool, {
      withTables: forOutbox,
      onEmpty,
      current,
      maxSendMs: 10_000 + 2 * settings.queue.receiptTimeoutMs,
    }),
    ledger: {
      load: () => ledgerState.watch(() => forLedger(() => ledger.load())),
      write: (term, batch) => ledgerState.watch(() => forLedger(() => ledger.write(term, batch))),
      announce: (endedBefore) => forLedger(() => ledger.announce(endedBefore)),
      prune: (endedBefore, signal) => forLedger(() => ledger.prune(endedBefore, signal)),
    },
  };
}

/** A standby does not use the database, and yet has to say that it could not. */
function checkAtStart(pool: DatabasePool, setup: Setup, resources: AsyncDisposableStack): void {
  const stopping = new AbortController();
  const check = setup.watching('start', (work) => work());
  const checking = (async () => {
    do {
      try {
        return await check(() => checkTables(pool));
      } catch {
        // Reported by the check; whether it is unavailable, who uses it says.
      }
    } while (await pause(CHECK_MS, stopping.signal));
  })();
  resources.defer(async () => {
    stopping.abort();
    await checking;
  });
}

/** Whether the database can be used as it is set up, by what its users see. */
class Setup {
  readonly #problems = new Map<string, string>();
  readonly #queue: ReaderDatabaseDeps['queue'];
  readonly #log: Logger;

  constructor(queue: ReaderDatabaseDeps['queue'], log: Logger) {
    this.#queue = queue;
    this.#log = log;
  }

  get problem(): string | undefined {
    const [first] = this.#problems.values();
    return first;
  }

  /** Runs a user's work as before, and keeps what is wrong until work of the same user succeeds. */
  watching(user: string, withTables: WithTables): WithTables {
    return async (work) => {
      try {
        const result = await withTables(work);
        this.#change(() => this.#problems.delete(user));
        return result;
      } catch (err) {
        const problem = setupProblem(err);
        if (problem !== undefined) this.#change(() => this.#problems.set(user, problem), toError(err));
        throw err;
      }
    };
  }

  #change(change: () => void, cause?: Error): void {
    const before = this.problem;
    change();
    const { problem } = this;
    if (problem === before) return;
    this.#queue.impaired(problem && `no outbox and no ledger: ${problem}`);
    if (problem === undefined) this.#log.info('database can be used');
    else this.#log.error({ err: cause }, `no outbox and no ledger: ${problem}`);
  }
}
