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

/** The fields of an answer of `POST /api/v1/lookup` that are added to lines. */
export const ANSWER_FIELDS = [
  'verdict',
  'reason',
  'namespace',
  'pod',
  'workload_kind',
  'workload',
  'node',
] as const;

/** The answer to a question: texts are empty where nothing is known. */
export interface Answer extends Readonly<Record<(typeof ANSWER_FIELDS)[number], string>> {
  readonly verdict: Verdict;
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
