import { KubeError } from '../cluster/kube-client.js';

type Fields = Readonly<Record<string, unknown>>;

/** A `coordination.k8s.io/v1` Lease as the API server showed it. */
export interface Lease {
  readonly resourceVersion: string;
  /** Empty when it was released. */
  readonly holder: string;
  /** How long a candidate has to wait without seeing a renewal, in milliseconds. */
  readonly durationMs: number;
  readonly acquireTime: string | undefined;
  readonly transitions: number;
  /** All of the object: an update keeps the fields that others have set. */
  readonly object: { readonly metadata: Fields; readonly spec: Fields };
}

/** Who holds a Lease, and for how long without a renewal. */
export interface Claim {
  readonly holder: string;
  readonly durationSeconds: number;
}

const LEASE_TYPE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
/** By these the uninstaller finds it. */
const LABELS = { 'app.kubernetes.io/name': 'podips', 'app.kubernetes.io/component': 'reader' };
/** client-go writes this into a Lease that it gives up, because the API server accepts no 0. */
const RELEASED_SECONDS = 1;

/** @throws {KubeError} KUBE_LEASE_BROKEN when this is no Lease */
export function parseLease(text: string): Lease {
  const object = parseObject(text);
  const metadata = asFields(object?.metadata);
  if (object?.kind !== LEASE_TYPE.kind || typeof metadata?.resourceVersion !== 'string')
    throw new KubeError('KUBE_LEASE_BROKEN', 'the API server answered something that is no Lease', {
      status: 502,
    });
  const spec = asFields(object.spec) ?? {};
  const { holderIdentity, leaseDurationSeconds, acquireTime, leaseTransitions } = spec;
  return {
    resourceVersion: metadata.resourceVersion,
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMs: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1_000 : 0,
    acquireTime: typeof acquireTime === 'string' ? acquireTime : undefined,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    object: { metadata, spec },
  };
}

/** The Lease that a candidate creates where there is none. */
export function newLease(namespace: string, name: string, claim: Claim, now: Date): object {
  const time = microTime(now);
  const spec = { ...claimFields(claim), acquireTime: time, renewTime: time, leaseTransitions: 0 };
  return { ...LEASE_TYPE, metadata: { name, namespace, labels: LABELS }, spec };
}

/** The Lease as its holder renews it, or as a candidate takes it over: that is a transition. */
export function claimedLease(lease: Lease, claim: Claim, now: Date): object {
  const renewTime = microTime(now);
  const isRenewal = lease.holder === claim.holder;
  return changed(lease, {
    ...claimFields(claim),
    acquireTime: isRenewal ? (lease.acquireTime ?? renewTime) : renewTime,
    renewTime,
    leaseTransitions: lease.transitions + (isRenewal ? 0 : 1),
  });
}

/** The Lease as its holder gives it up: a candidate that sees it does not wait. */
export function releasedLease(lease: Lease, now: Date): object {
  const time = microTime(now);
  return changed(lease, {
    ...claimFields({ holder: '', durationSeconds: RELEASED_SECONDS }),
    acquireTime: time,
    renewTime: time,
  });
}

function changed({ object: { metadata, spec } }: Lease, change: Fields): object {
  return { ...LEASE_TYPE, metadata, spec: { ...spec, ...change } };
}

const claimFields = ({ holder, durationSeconds }: Claim) => ({
  holderIdentity: holder,
  leaseDurationSeconds: durationSeconds,
});

/** A MicroTime: the API server accepts six digits of the second, neither more nor fewer. */
function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}

function parseObject(text: string): Fields | undefined {
  try {
    return asFields(JSON.parse(text));
  } catch {
    return undefined; // the caller says what that means
  }
}

function asFields(value: unknown): Fields | undefined {
  // A record of unknown values claims nothing about them.
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}
