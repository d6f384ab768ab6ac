import type { Ask } from '@podips/annotate';
import { parseIp } from '../ledger/question-addresses.js';
import { type Lookup, MAX_BATCH } from '../lookup/lookup.js';
import type { LookupTerms } from '../lookup/lookup-question.js';

/** Asks the ledger what is asked about the lines of a file. @param terms what holds for all of them */
export function askLookup({ answerAll }: Pick<Lookup, 'answerAll'>, terms: LookupTerms): Ask {
  return async (questions, signal) => {
    const answers: Awaited<ReturnType<Ask>>[number][] = [];
    for (let begin = 0; begin < questions.length; begin += MAX_BATCH) {
      signal.throwIfAborted();
      const asked = questions.slice(begin, begin + MAX_BATCH).map(({ ip, fromMs, toMs }) => ({
        ip: parseIp(ip),
        at: { ms: fromMs, precisionMs: Math.max(toMs - fromMs + 1, 1) },
        ...terms,
      }));
      for (const { answer } of await answerAll(asked)) answers.push(answer);
    }
    return answers;
  };
}
