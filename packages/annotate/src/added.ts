import { type Added, toFileText } from './formats/format.js';
import type { Answer, NoAnswer } from './wire.js';

const NOTHING: Added = { pod: '', namespace: '', workload: '', node: '', verdict: '', reason: '' };

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

/** Most names, which need no look at each character. */
const PLAIN = /^[\x20-\x7e]*$/;

/** In the bytes of the file, and in one line. */
function inFile(text: string): string {
  if (PLAIN.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return toFileText(text.replace(/[\x00-\x1f\x7f\u2028\u2029]+/g, ' '));
}
