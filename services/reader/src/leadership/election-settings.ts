import { bool, integer, type Rule } from '@podips/shared';
import { str } from 'envalid';
import type { ElectionOptions } from './election.js';
import type { LeaseName } from './lease-client.js';

export interface ElectionSettings extends ElectionOptions {
  readonly lease: LeaseName;
  /** Undefined outside a cluster. */
  readonly podUid: string | undefined;
}

/**
 * client-go has 15 s, 10 s and 2 s for its three times. A standby here takes over within 15 s of a death, and until it sees the
 * last renewal, asks and publishes up to 4 s pass: so the Lease lasts for 10 s. There is no deadline for a renewal, because
 * one that fails ends nothing.
 */
const DEFAULT_DURATION_S = 10;
/** A leader must have several attempts before others take over. */
const LEAST_ATTEMPTS = 3;

export const electionSpecs = {
  LEADER_ELECTION: bool({
    default: true,
    desc: 'readers elect a leader by a Lease; `false` for a reader without the permission for Leases, of which there may be only one',
  }),
  LEASE_NAME: str({
    default: 'podips-reader',
    desc: 'name of the Lease; two installations in one namespace need two names. The Role of the reader must name it in `resourceNames`',
  }),
  LEASE_NAMESPACE: str({
    default: undefined,
    desc: "namespace of the Lease; by default that of the reader's pod or of the kubeconfig's context, else `default`. The Role of the reader must be in it",
  }),
  POD_UID: str({
    default: undefined,
    desc: "UID of the reader's pod, from the downward API: a restarted container continues with the Lease of the one before it instead of waiting until that expires. Never the same for two readers",
  }),
  LEASE_DURATION_S: integer(
    1,
    3_600,
  )({
    default: DEFAULT_DURATION_S,
    desc: 'a standby takes over when the leader has not renewed the Lease for this long',
  }),
  STANDBY_INTERVAL_MS: integer(
    100,
    10_000,
  )({
    default: 2_000,
    desc: 'interval at which the leader renews the Lease and a standby reads it; at most a third of `LEASE_DURATION_S`; a standby waits for no longer than a quarter of the duration in the Lease',
  }),
};

interface ElectionValues {
  readonly LEADER_ELECTION: boolean;
  readonly LEASE_NAME: string;
  readonly LEASE_NAMESPACE: string | undefined;
  readonly POD_UID: string | undefined;
  readonly LEASE_DURATION_S: number;
  readonly STANDBY_INTERVAL_MS: number;
}

/** As the API server accepts them: a DNS label, and labels with dots between them. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Rules of the settings of {@link electionSettings}.
 * @param defaultNamespace undefined where that is not known
 */
export const electionRules = (defaultNamespace: string | undefined): readonly Rule<ElectionValues>[] => [
  (values) => (values.LEADER_ELECTION ? problemsOfName(values) : []),
  ({ LEADER_ELECTION, LEASE_NAMESPACE: namespace = defaultNamespace }) =>
    LEADER_ELECTION && namespace !== undefined ? problemsOfNamespace(namespace) : [],
  ({ LEADER_ELECTION, LEASE_DURATION_S: durationS, STANDBY_INTERVAL_MS: retryMs }) =>
    LEADER_ELECTION && retryMs * LEAST_ATTEMPTS > durationS * 1_000
      ? [
          `STANDBY_INTERVAL_MS must be at most a third of LEASE_DURATION_S: ${Math.floor((durationS * 1_000) / LEAST_ATTEMPTS)}`,
        ]
      : [],
];

const problemsOfName = ({ LEASE_NAME: name }: ElectionValues) =>
  NAME.test(name) ? [] : [`LEASE_NAME must be a name of a Kubernetes object, but is "${name}"`];

const problemsOfNamespace = (namespace: string) =>
  NAMESPACE.test(namespace)
    ? []
    : [`LEASE_NAMESPACE must be a name of a Kubernetes namespace, but is "${namespace}"`];

/** Values that keep the rules. @returns undefined without an election */
export function electionSettings(
  values: ElectionValues,
  defaultNamespace = 'default',
): ElectionSettings | undefined {
  if (!values.LEADER_ELECTION) return undefined;
  const { LEASE_NAME: name, LEASE_NAMESPACE: namespace = defaultNamespace } = values;
  return {
    lease: { namespace, name },
    podUid: values.POD_UID,
    durationMs: values.LEASE_DURATION_S * 1_000,
    retryMs: values.STANDBY_INTERVAL_MS,
  };
}
