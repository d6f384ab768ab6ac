import {
  ANSWER_FIELDS,
  AnnotateError,
  type Answer,
  type Ask,
  type NoAnswer,
  type Question,
  VERDICTS,
} from '@podips/annotate';
import type { MonitorClient, Query } from './monitor-client.js';

/** Milliseconds since the epoch have 13 digits from 2001 on; only so they are read as such. */
const FIRST_MS = 1_000_000_000_000;

/** Asks the monitor many questions at once. @param terms what holds for all of them */
export function askMonitor(client: Pick<MonitorClient, 'postLines'>, terms: Query): Ask {
  const fields = ANSWER_FIELDS.join(',');
  return async (questions, signal) => {
    const body = questions.map((question) => `${lineOf(question)}\n`).join('');
    const lines = await client.postLines('/api/v1/lookup', { ...terms, fields }, body, signal);
    const answers = lines.slice(0, -1).map(parseAnswer);
    const last = lines.at(-1) ?? '';
    if (!isEnd(last) || answers.length !== questions.length)
      throw new AnnotateError('ended', `the answer of the monitor is not complete: ${reasonIn(last)}`);
    return answers;
  };
}

function lineOf({ ip, fromMs, toMs }: Question): string {
  const at = timeOf(fromMs);
  return JSON.stringify(fromMs === toMs ? { ip, at } : { ip, at, until: timeOf(toMs) });
}

function timeOf(ms: number): number | string {
  return ms >= FIRST_MS ? ms : new Date(ms).toISOString();
}

function parseAnswer(line: string): Answer | NoAnswer {
  const answer: unknown = parse(line);
  if (typeof answer === 'object' && answer !== null) {
    // The number is that of the question among those that were asked together.
    if ('error' in answer) return { error: String(answer.error).replace(/^line \d+: /, '') };
    // A verdict makes it an answer; all of its other fields are texts that are only shown.
    if ('verdict' in answer && VERDICTS.some((verdict) => verdict === answer.verdict))
      return answer as Answer;
  }
  throw new AnnotateError('ended', 'an answer of the monitor cannot be read: is it of another version?');
}

function isEnd(line: string): boolean {
  const end: unknown = parse(line);
  return typeof end === 'object' && end !== null && 'end' in end && end.end === true;
}

function reasonIn(line: string): string {
  const end: unknown = parse(line);
  const isReason = typeof end === 'object' && end !== null && 'end' in end && 'error' in end;
  return isReason ? String(end.error) : 'it ended too early';
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line that was cut off.
    return undefined;
  }
}
