import { PodipsError } from '@podips/shared';

/** The rule for each field that a request can get wrong. */
export const RULES = {
  code: 'three digits, for example 200',
  message: '1 to 256 characters',
  'x-podips-host': 'a host name of at most 253 characters',
  limit: 'a whole number from 1 to 500',
  before: 'a time, for example 2026-01-31T12:00:00Z',
  ip: 'an IPv4 or IPv6 address, for example 10.1.2.3 or fd00::1',
  at: 'a time, for example 2026-01-31T12:00:00Z, or 2026-01-31 12:00 in UTC',
  namespace: 'the namespace of the pod, in at most 253 characters',
  pod: 'the name of the pod, in at most 253 characters',
  question: 'an address (ip) with or without a time (at), or a pod (pod and namespace)',
} as const;

/** The rule for a field; undefined for an unknown field. */
export function ruleOf(field: string): string | undefined {
  return Object.entries(RULES).find(([name]) => name === field)?.[1];
}

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

  constructor(field: string) {
    super('REQUEST_INVALID', describeRule(field));
    this.field = field;
  }
}
