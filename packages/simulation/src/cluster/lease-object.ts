/** A `coordination.k8s.io/v1` Lease as the API server shows it. */
export interface LeaseObject {
  readonly kind: 'Lease';
  readonly apiVersion: 'coordination.k8s.io/v1';
  readonly metadata: LeaseMetadata;
  readonly spec: LeaseSpec;
}

export interface LeaseMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** MicroTime: RFC 3339 with exactly six digits of the second. */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A Lease as clients send it: what they may leave out is optional, everything else is unchecked. */
export interface LeaseDraft {
  readonly metadata: Partial<LeaseMetadata>;
  readonly spec: LeaseSpec;
}

/** Why a body is no Lease (`unreadable`), or one that the API server does not accept (`invalid`: field and reason). */
export type LeaseProblem = { readonly unreadable: string } | { readonly invalid: readonly [string, string] };

/** Go's time.Parse with the layout of a MicroTime accepts no other number of digits. */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;
const INT32_LIMIT = 2 ** 31;

/** Reads the body of a create or an update. Unknown fields are dropped, as the API server does. */
export function parseLease(body: string): LeaseDraft | LeaseProblem {
  const lease = parseObject(body);
  if (lease === undefined) return { unreadable: 'the body is no JSON object' };
  if (lease.kind !== undefined && lease.kind !== 'Lease')
    return { unreadable: `the kind is ${String(lease.kind)}` };
  const metadata = asObject(lease.metadata) ?? {};
  const spec = asObject(lease.spec) ?? {};
  const problem = typeProblem(metadata, spec);
  if (problem !== undefined) return { unreadable: problem };
  // The types of all that is copied were checked above.
  const draft = {
    metadata: pick(metadata, METADATA_FIELDS),
    spec: pick(spec, SPEC_FIELDS),
  } as LeaseDraft;
  const { leaseDurationSeconds: seconds = 1, leaseTransitions: transitions = 0 } = draft.spec;
  if (seconds <= 0)
    return { invalid: ['spec.leaseDurationSeconds', `Invalid value: ${seconds}: must be greater than 0`] };
  if (transitions < 0)
    return {
      invalid: ['spec.leaseTransitions', `Invalid value: ${transitions}: must be greater than or equal to 0`],
    };
  return draft;
}

type Fields = Readonly<Record<string, unknown>>;

const METADATA_FIELDS = ['name', 'namespace', 'uid', 'resourceVersion', 'labels', 'annotations'];
const TIME_FIELDS = ['acquireTime', 'renewTime'];
const NUMBER_FIELDS = ['leaseDurationSeconds', 'leaseTransitions'];
const SPEC_FIELDS = ['holderIdentity', ...TIME_FIELDS, ...NUMBER_FIELDS];

function typeProblem(metadata: Fields, spec: Fields): string | undefined {
  for (const name of ['name', 'namespace', 'uid', 'resourceVersion'])
    if (metadata[name] !== undefined && typeof metadata[name] !== 'string')
      return `metadata.${name} is no string`;
  if (spec.holderIdentity !== undefined && typeof spec.holderIdentity !== 'string')
    return 'spec.holderIdentity is no string';
  for (const name of TIME_FIELDS) {
    const value = spec[name];
    if (value !== undefined && !isMicroTime(value))
      return `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse it`;
  }
  for (const name of NUMBER_FIELDS)
    if (spec[name] !== undefined && !isInt32(spec[name])) return `spec.${name} is no int32`;
  return undefined;
}

const isMicroTime = (value: unknown) =>
  typeof value === 'string' && MICRO_TIME.test(value) && !Number.isNaN(Date.parse(value));

const isInt32 = (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < INT32_LIMIT;

function parseObject(body: string): Fields | undefined {
  try {
    return asObject(JSON.parse(body));
  } catch {
    return undefined; // the caller answers what is wrong
  }
}

function asObject(value: unknown): Fields | undefined {
  // A record of unknown values claims nothing about them.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function pick(fields: Fields, names: readonly string[]): Fields {
  // JSON's null is Go's nil: the field is not set.
  const set = names.filter((name) => fields[name] !== undefined && fields[name] !== null);
  return Object.fromEntries(set.map((name) => [name, fields[name]]));
}
