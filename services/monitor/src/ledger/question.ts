import { isIP, isIPv4 } from 'node:net';
import { type Instant, parseInstant } from '@podips/annotate';
import { canonicalIp } from '@podips/shared';
import { InvalidRequestError } from '../words/request-rules.js';

/** Asks which pod had an address at a time. */
export interface AddressQuestion {
  readonly ip: string;
  /** Undefined: now. */
  readonly at: Instant | undefined;
}

/** Asks which addresses a pod had. */
export interface PodQuestion {
  readonly namespace: string;
  readonly pod: string;
}

export type Question = AddressQuestion | PodQuestion;

/** The fields of a request, as they came. */
export type QuestionFields = Readonly<Partial<Record<'ip' | 'at' | 'namespace' | 'pod', unknown>>>;

const MAX_NAME_CHARS = 253;

/**
 * Reads a question. A field that is empty counts as missing.
 * @param nowMs for times that are said in relation to it
 * @returns undefined when nothing is asked
 * @throws {InvalidRequestError} that names the first field that is wrong
 */
export function parseQuestion(fields: QuestionFields, nowMs: number): Question | undefined {
  const [ip, at, namespace, pod] = (['ip', 'at', 'namespace', 'pod'] as const).map((name) =>
    textOf(name, fields[name]),
  );
  if (!ip && !at && !namespace && !pod) return undefined;
  if (ip || !(namespace || pod)) {
    if (namespace || pod) throw new InvalidRequestError('question');
    return { ip: parseIp(ip ?? ''), at: parseAt(at ?? '', nowMs) };
  }
  if (at) throw new InvalidRequestError('question');
  return { namespace: parseName('namespace', namespace ?? ''), pod: parseName('pod', pod ?? '') };
}

/** A field that is given twice comes as an array. */
function textOf(field: string, value: unknown): string {
  if (value !== undefined && typeof value !== 'string') throw new InvalidRequestError(field);
  return value?.trim() ?? '';
}

/**
 * One address, as logs and reports have it: in brackets as in a URL, with a port, as a network of one address, defanged. An
 * IPv4 address that is written as IPv6 is what it is.
 */
export function parseIp(text: string): string {
  if (isIPv4(text)) return text;
  const refanged = text.replace(/\[([.:]|dot)\]/gi, (_, sign) => (sign === ':' ? ':' : '.'));
  const [, inBrackets] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(refanged) ?? [];
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(refanged) ?? [];
  const [, ofNetwork] = /^([\d.]+(?=\/32$)|[\da-f:.]+(?=\/128$))/i.exec(refanged) ?? [];
  const ip = inBrackets ?? beforePort ?? ofNetwork ?? refanged;
  if (isIP(ip) === 0 || ip.includes('%')) throw new InvalidRequestError('ip');
  return canonicalIp(ip).replace(/^::ffff:(?=\d+\.)/, '');
}

export function parseAt(text: string, nowMs: number): Instant | undefined {
  if (text === '') return undefined;
  const at = parseInstant(text, nowMs);
  if (at === undefined) throw new InvalidRequestError('at');
  return at;
}

function parseName(field: string, text: string): string {
  if (text === '' || text.length > MAX_NAME_CHARS || /\p{Cc}|\p{Cs}/u.test(text))
    throw new InvalidRequestError(field);
  return text;
}
