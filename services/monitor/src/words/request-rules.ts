import { PodipsError } from '@podips/shared';
import { shorten } from './format.js';

const MAX_SHOWN_BYTES = 40;

/** The rule for each field that a request can get wrong. */
export const RULES = {
  code: 'three digits, for example 200',
  message: '1 to 256 characters',
  'x-podips-host': 'a host name of at most 253 characters',
  limit: 'a whole number from 1 to 500',
  before: 'a time, for example 2026-01-31T12:00:00Z',
  ip: 'an IPv4 or IPv6 address, one at a time, for example 10.1.2.3 or fd00::1',
  at:
    'a time, for example 2026-01-31 12:00 (UTC), 2026-01-31T12:00:00+01:00, 2026-01-31 12:00 Europe/Berlin, ' +
    '31/Jan/2026:12:00:00 +0100, Jan 31 12:00:00, 1769860800 or 5 minutes ago, and one that no change of the clocks repeats',
  until: 'a time that is not before at, for example 2026-01-31T12:00:05Z',
  namespace: 'the namespace of the pod, in at most 253 characters',
  pod: 'the name of the pod, in at most 253 characters',
  window: '15m, 1h, 24h or 7d',
  skew: 'a length of time up to 10m, for example 500ms or 2s',
  body: 'lines of JSON with the content type application/x-ndjson',
  question: 'an address (ip) with or without a time (at), or a pod (pod and namespace)',
} as const;

/** The rule for a field; undefined for an unknown field. */
export function ruleOf(field: string): string | undefined {
  return Object.entries(RULES).find(([name]) => name === field)?.[1];
}

/** What people call the parameters. */
const MEANT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['time', 'timestamp', 'ts', 'date', 'when', 'since', 'from', 'to', 'until'].map((name) => [name, 'at']),
  ),
  ...Object.fromEntries(
    ['address', 'addr', 'ipaddress', 'podip', 'pod_ip', 'host'].map((name) => [name, 'ip']),
  ),
  ns: 'namespace',
  name: 'pod',
  max: 'limit',
};

/** A sentence for a field that is wrong. */
function describeRule(field: string): string {
  const rule = ruleOf(field);
  return rule === undefined ? `${field} is wrong` : `${field} must be ${rule}`;
}

/** A field of a request is wrong; the message says which and what would be right. */
export class InvalidRequestError extends PodipsError {
  readonly field: string;
  /** For the framework, which reads it. */
  readonly statusCode = 400;

  constructor(field: string, text = describeRule(field)) {
    super('REQUEST_INVALID', text);
    this.field = field;
  }
}

/** A request has a parameter that its route does not know; without it, another question would be answered. */
export class UnknownParameterError extends InvalidRequestError {}

/** @throws {UnknownParameterError} for the first parameter that is not among those that the route knows */
export function refuseUnknown(parameters: object, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = MEANT[unknown.toLowerCase()];
  const shown = shorten(unknown, MAX_SHOWN_BYTES);
  const right =
    meant !== undefined && known.includes(meant) ? `${meant} is meant` : `known are ${known.join(', ')}`;
  throw new UnknownParameterError(shown, `there is no parameter "${shown}" here: ${right}`);
}
