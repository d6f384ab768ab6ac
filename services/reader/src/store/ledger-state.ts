import { codeOf, setupProblem, toError } from '@podips/shared';

/** Whether the ledger can be used, by what its loads and writes have met. */
export class LedgerState {
  #problem: string | undefined;
  #migratingSinceMs: number | undefined;

  /** Why the last load or write failed; undefined when it succeeded. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** For how long migrations have been running, in milliseconds; undefined when none is. */
  get migratingMs(): number | undefined {
    return this.#migratingSinceMs === undefined ? undefined : performance.now() - this.#migratingSinceMs;
  }

  /** @param isRunning whether migrations have begun, or have ended */
  migrating(isRunning: boolean): void {
    this.#migratingSinceMs = isRunning ? performance.now() : undefined;
  }

  /** Does work as before, and keeps why it failed. */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#problem = undefined;
      return result;
    } catch (err) {
      this.#problem = describe(err);
      throw err;
    }
  }
}

/** Another reader that has loaded the ledger is no problem of the ledger. */
function describe(thrown: unknown): string | undefined {
  const error = toError(thrown);
  if (codeOf(error) === 'LEDGER_TAKEN') return undefined;
  return setupProblem(error) ?? error.message;
}
