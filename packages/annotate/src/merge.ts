import { type Added, toFileText } from './formats/format.js';
import type { Answer, NoAnswer } from './wire.js';

const NOTHING: Added = { pod: '', namespace: '', workload: '', node: '', verdict: '', reason: '' };
const BETWEEN = 'the answer was another one at the end of its time than at the beginning';
const NOBODY_AT_BOTH =
  'no pod had it at the beginning and at the end of its time; what was in between is not known';

/**
 * The answer for all of the time of a record: what is true at its beginning and at its end alike, and then of one lease.
 * @param last undefined when the time is a moment
 */
export function mergeAnswers(
  first: Answer | NoAnswer,
  last: Answer | NoAnswer | undefined,
): Answer | NoAnswer {
  if (last === undefined || 'error' in first || first.verdict === 'unsure') return first;
  if ('error' in last || last.verdict === 'unsure') return last;
  const isSame = (['verdict', 'pod_uid', 'node', 'cluster', 'started_at'] as const).every(
    (name) => first[name] === last[name],
  );
  if (isSame && first.verdict !== 'nobody') return first;
  if (isNode(first, last)) return first;
  return { ...first, ...UNKNOWN, reason: isSame ? NOBODY_AT_BOTH : BETWEEN };
}

const UNKNOWN = {
  verdict: 'unsure',
  namespace: '',
  pod: '',
  pod_uid: '',
  workload_kind: '',
  workload: '',
  node: '',
  started_at: '',
  ended_at: '',
} as const;

/** The address of a node is the node's, whichever of its pods came and went. */
function isNode(first: Answer, last: Answer): boolean {
  return (
    first.verdict === 'node' &&
    last.verdict === 'node' &&
    first.node === last.node &&
    first.cluster === last.cluster
  );
}

/** What is added to a line for an answer. */
export function addedOf(answer: Answer | NoAnswer): Added {
  if ('error' in answer) return failed(answer.error);
  const { verdict, workload_kind: kind, workload } = answer;
  return {
    pod: inFile(answer.pod),
    namespace: inFile(answer.namespace),
    workload: inFile(workload === '' ? '' : `${kind}/${workload}`),
    node: inFile(answer.node),
    verdict,
    reason: inFile(answer.reason),
  };
}

/** Where nothing was asked. */
export function failed(reason: string): Added {
  return { ...NOTHING, reason: inFile(reason) };
}

/** Where there is no address. */
export const NOT_ASKED: Added = NOTHING;

/** In the bytes of the file, and in one line. */
function inFile(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return toFileText(text.replace(/[\x00-\x1f\x7f\u2028\u2029]+/g, ' '));
}
