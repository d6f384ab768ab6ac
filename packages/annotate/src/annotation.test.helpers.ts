import { type AnnotateOptions, createAnnotation, type Summary } from './annotation.js';
import { AnnotateError } from './problem.js';
import { UTC } from './time/zone.js';
import type { Answer, Ask, Verdict } from './wire.js';

export const NOW_MS = Date.parse('2026-11-26T16:00:00Z');

export function answerOf(verdict: Verdict, more: Partial<Answer> = {}): Answer {
  const nothing = { namespace: '', pod: '', workload_kind: '', workload: '', node: '' };
  return { verdict, reason: '', ...nothing, ...more };
}

const web = (n: number) =>
  answerOf('pod', {
    namespace: 'shop',
    pod: `web-${n}`,
    workload_kind: 'Deployment',
    workload: 'web',
    node: 'node-3',
  });

const CHANGE_MS = Date.parse('2026-11-26T14:10:00Z');

/** 10.64.0.1 is web-1 until 14:10, then web-2; 10.64.0.9 nobody's; 192.168.0.5 a node; the rest is outside. */
export const standIn: Ask = async (questions) =>
  questions.map(({ ip, fromMs, toMs }) => {
    if (ip === '10.64.0.1' && fromMs < CHANGE_MS && toMs >= CHANGE_MS)
      return answerOf('unsure', { reason: 'it changed' });
    if (ip === '10.64.0.1') return web(fromMs < CHANGE_MS ? 1 : 2);
    if (ip === '10.64.0.9') return answerOf('nobody');
    if (ip === '10.64.0.66') return answerOf('unsure', { reason: 'a gap, from 14:00 to "15:00"' });
    if (ip === '192.168.0.5') return answerOf('node', { node: 'node-3' });
    return answerOf('outside');
  });

export interface Annotated {
  readonly text: string;
  readonly summary: Summary;
}

/** @param chunks bytes, or text as UTF-8 */
export async function annotated(
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array>,
  options: Partial<AnnotateOptions> = {},
): Promise<Annotated> {
  const annotation = createAnnotation({ ask: standIn, zone: UTC, nowMs: NOW_MS, ...options });
  const parts: Buffer[] = [];
  for await (const part of annotation.run(bytesOf(chunks))) parts.push(part);
  return { text: Buffer.concat(parts).toString('utf8'), summary: annotation.summary };
}

/** The times that are asked for each line, `unreadable`, or `error` for all of it: the beginning of the span and its length. */
export async function askedFor(text: string, options: Partial<AnnotateOptions> = {}): Promise<string> {
  const asked: string[] = [];
  const ask: Ask = async (questions, signal) => {
    for (const { fromMs, toMs } of questions)
      asked.push(`${new Date(fromMs).toISOString().replace('.000Z', 'Z')} ${toMs - fromMs + 1}`);
    return standIn(questions, signal);
  };
  try {
    const { summary } = await annotated([text], { ask, ...options });
    return asked.length === 0 && summary.unreadable > 0 ? 'unreadable' : asked.join(', ');
  } catch (err) {
    if (err instanceof AnnotateError) return 'error';
    throw err;
  }
}

async function* bytesOf(
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}
