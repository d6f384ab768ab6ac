/** Asks whose an address was, from one time to another. Milliseconds since the epoch, both included. */
export interface Question {
  readonly ip: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * `pod`: that pod had it. `node`: it is the address of that node. `nobody`: no pod had it. `outside`: it never was one of
 * this cluster. `unsure`: the ledger does not know, and the reason says why.
 */
export const VERDICTS = ['pod', 'node', 'nobody', 'outside', 'unsure'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The answer to a question, as `POST /api/v1/lookup` gives it: texts are empty where nothing is known. */
export interface Answer {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly namespace: string;
  readonly pod: string;
  readonly pod_uid: string;
  readonly workload_kind: string;
  readonly workload: string;
  readonly node: string;
  readonly cluster: string;
  readonly started_at: string;
  readonly ended_at: string;
}

/** What is answered to a question that cannot be read. */
export interface NoAnswer {
  readonly error: string;
}

/**
 * Answers questions, one for each, in their order.
 * @param signal ends the question: its answer is not needed any more
 * @throws when there are not as many answers
 */
export type Ask = (
  questions: readonly Question[],
  signal: AbortSignal,
) => Promise<readonly (Answer | NoAnswer)[]>;
