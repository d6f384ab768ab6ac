import { PodipsError } from '@podips/shared';
import { shorten } from './format.js';

const MAX_SHOWN_BYTES = 40;

/** The rule for each field that a request can get wrong. */
export const RULES = {
  code: 'three digits, for example 200',
  message: '1 to 256 characters',
  'x-podips-host': 'a host name of at most 253 characters',
  timeline: 'true or false',
  cluster: 'the name of a cluster in the ledger',
  network: 'the name of a network beside the default one',
  limit: 'a whole number from 1 to 500',
  before: 'a time, for example 2026-01-31T12:00:00Z',
  ip: 'an IPv4 or IPv6 address, for example 10.1.2.3 or fd00::1',
  addresses:
    'an IPv4 or IPv6 address, for example 10.1.2.3 or fd00::1, or up to 100, or a network, for example 10.1.2.0/24',
  at:
    'a time, for example 2026-01-31 12:00 (UTC), 2026-01-31T12:00:00+01:00, 2026-01-31 12:00 Europe/Berlin, ' +
    '31/Jan/2026:12:00:00 +0100, Jan 31 12:00:00, 1769860800 or 5 minutes ago, and one that no change of the clocks repeats',
  from: 'a time as in "at", or a day, for example 2026-01-31',
  to: 'a time as in "at", or a day, and later than "from"',
  time: 'either one time (at) or a range (from, to)',
  until: 'a time that is not before at, for example 2026-01-31T12:00:05Z',
  namespace: 'the namespace of the pod, in at most 253 characters',
  pod: 'the name of the pod, or the beginning of names as in web-*, in at most 253 characters',
  workload: 'the name of what ran the pod, such as a Deployment, in at most 253 characters',
  workload_kind: 'such as Deployment or CronJob, in at most 253 characters',
  node: 'the name of a node, in at most 253 characters',
  pod_uid: 'the UID of a pod, in at most 253 characters',
  after: 'the "cursor" of an answer to the same question',
  window: '15m, 1h, 24h or 7d',
  skew: 'a length of time up to 10m, for example 500ms or 2s',
  fields: 'names of fields of an answer, separated by commas, for example verdict,reason,namespace,pod',
  wait: 'a length of time up to 2m, for example 90s',
  body: 'lines of JSON with the content type application/x-ndjson',
  question:
    'one of these: addresses (ip); a namespace, perhaps with a pod or a workload in it; a node; the UID of a pod (pod_uid). ' +
    'Each may come with a time (at), or with a range of time (from, to)',
} as const;

/** The rule for a field; undefined for an unknown field. */
export function ruleOf(field: string): string | undefined {
  return Object.entries(RULES).find(([name]) => name === field)?.[1];
}

/** What people call the parameters; the first one that a route knows is meant. */
const MEANT: ReadonlyMap<string, readonly string[]> = new Map([
  ...sameFor(['time', 'timestamp', 'ts', 'date', 'when'], ['at']),
  ...sameFor(['since', 'start', 'from'], ['from', 'at']),
  ...sameFor(['until', 'end', 'to'], ['to', 'at']),
  ...sameFor(['address', 'addr', 'ipaddress', 'podip', 'pod_ip', 'host', 'cidr', 'network', 'ips'], ['ip']),
  ...sameFor(['uid', 'poduid', 'pod_id'], ['pod_uid']),
  ...sameFor(['deployment', 'owner', 'app'], ['workload']),
  ...sameFor(['name', 'prefix', 'pod_name'], ['pod']),
  ...sameFor(['cursor', 'page', 'offset', 'next'], ['after']),
  ...sameFor(['ns'], ['namespace']),
  ...sameFor(['kind'], ['workload_kind']),
  ...sameFor(['max'], ['limit']),
]);

function sameFor(names: readonly string[], meant: readonly string[]) {
  return names.map((name) => [name, meant] as const);
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

  constructor(field: string, text = describeRule(field)) {
    super('REQUEST_INVALID', text);
    this.field = field;
  }
}

/** A request has a parameter that its route does not know; without it, another question would be answered. */
export class UnknownParameterError extends InvalidRequestError {}

/** @throws {InvalidRequestError} for the first of these that is given without a value: another question would be answered */
export function refuseEmpty(parameters: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const empty = names.find((name) => {
    const value = parameters[name];
    return typeof value === 'string' && value.trim() === '';
  });
  if (empty !== undefined) throw new InvalidRequestError(empty);
}

/** @throws {UnknownParameterError} for the first parameter that is not among those that the route knows */
export function refuseUnknown(parameters: object, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = MEANT.get(unknown.toLowerCase())?.find((name) => known.includes(name));
  const shown = shorten(unknown, MAX_SHOWN_BYTES);
  const all = known.length === 0 ? 'none is known' : `known are ${known.join(', ')}`;
  const right = meant === undefined ? all : `${meant} is meant`;
  throw new UnknownParameterError(shown, `there is no parameter "${shown}" here: ${right}`);
}
