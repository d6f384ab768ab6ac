import type { DatabaseClient } from '@podips/shared';

/**
 * How often this process has written to the database in a term, to outbox and ledger. The database counts as well: one that
 * counts fewer writes than it has confirmed went back to an earlier state.
 */
export class TermWrites {
  readonly #cluster: string;
  readonly term: number;
  /** Says which load began the term: in a database that went back, its number may come again. */
  readonly id: string;
  #confirmed = 0;
  #isReverted = false;

  constructor(cluster: string, term: number, id: string) {
    this.#cluster = cluster;
    this.term = term;
    this.id = id;
  }

  /** Whether the database lacks writes that it had confirmed. */
  get isReverted(): boolean {
    return this.#isReverted;
  }

  /**
   * Counts a write within its transaction, and locks the term until the commit: another reader that loads the ledger waits
   * for it.
   * @returns what the database counts, this one included; undefined when it does not have this term
   */
  async count(client: DatabaseClient): Promise<number | undefined> {
    const { rows } = await client.query<{ writes: number }>(
      'UPDATE reader_terms SET writes = writes + 1 WHERE cluster = $1 AND term = $2 AND loaded_by = $3 RETURNING writes',
      [this.#cluster, this.term, this.id],
    );
    const count = rows[0]?.writes;
    if (count === undefined) this.uncounted();
    else this.counted(count);
    return count;
  }

  /** The database does not have this term, and counts nothing that is written in it. If it has it again, it went back. */
  uncounted(): void {
    this.#confirmed = Number.POSITIVE_INFINITY;
  }

  /** The database counts so many writes, that which is under way included. It may have some whose confirmation was lost. */
  counted(count: number): void {
    if (count <= this.#confirmed) this.#isReverted = true;
  }

  /** The write that was counted with this number is committed. */
  confirm(count: number): void {
    this.#confirmed = Math.max(this.#confirmed, count);
  }
}

/** The term of this process that began last; none before the ledger was loaded. */
export interface CurrentTerm {
  writes: TermWrites | undefined;
}
