import type { BoundLease } from '../ledger/verdict.js';
import { type Static, Type } from '../schema/type.js';
import type { Conclusion, LookupLease, Span } from './conclude.js';

const Text = Type.String({ description: 'empty: not known, or not of one pod' });
const TimeText = Type.String({ description: 'RFC 3339 in UTC; empty: not known, or not of one pod' });

/** Whose an address was, flat, for programs that can only read one value of an answer, or that want a row of a table. */
export const LookupAnswer = Type.Object(
  {
    value: Type.String({ description: '"namespace/pod" with the verdict "pod", else empty' }),
    verdict: Type.Enum(['pod', 'node', 'nobody', 'outside', 'unsure'], {
      description:
        '"pod": this pod surely had it. "node": it surely was the address of this node, which its pods on the host ' +
        'network share. "nobody": surely no pod had it. "outside": so, and the ledger has no lease of any address near it ' +
        '(the same /16 of IPv4, /64 of IPv6). "unsure": "reason" says why',
    }),
    reason: Type.String({ description: 'why it is not sure, in sentences; else empty' }),
    ip: Type.String(),
    at: TimeText,
    namespace: Text,
    pod: Text,
    pod_uid: Text,
    workload_kind: Text,
    workload: Text,
    node: Type.String({ description: 'the node of the pod, or whose address it was; else empty' }),
    cluster: Text,
    started_at: TimeText,
    ended_at: Type.String({ description: 'empty also while the lease lasts' }),
  },
  { description: 'whose the address was; always all fields, in this order' },
);
export type LookupAnswer = Static<typeof LookupAnswer>;

/** The names of its fields. */
export const ANSWER_FIELDS = Object.keys(LookupAnswer.properties) as readonly (keyof LookupAnswer)[]; // of the schema itself

/** @param isOutside whether an address that surely no pod had lies outside of all ranges of the ledger */
export function toAnswer(
  ip: string,
  { atMs }: Span,
  conclusion: Conclusion,
  isOutside: boolean,
): LookupAnswer {
  const { verdict } = conclusion;
  const at = new Date(atMs).toISOString();
  switch (verdict) {
    case 'pod':
      return ofPod(ip, at, conclusion.lease);
    case 'node': {
      const { node, cluster } = conclusion.lease.lease;
      return { ...empty(ip, at), verdict, node, cluster };
    }
    case 'nobody':
      return { ...empty(ip, at), verdict: isOutside ? 'outside' : 'nobody' };
    case 'unsure':
      return { ...empty(ip, at), reason: conclusion.reason };
  }
}

function ofPod(ip: string, at: string, { lease }: BoundLease<LookupLease>): LookupAnswer {
  return {
    value: `${lease.namespace}/${lease.pod}`,
    verdict: 'pod',
    reason: '',
    ip,
    at,
    namespace: lease.namespace,
    pod: lease.pod,
    pod_uid: lease.podUid,
    workload_kind: lease.workloadKind,
    workload: lease.workload,
    node: lease.node,
    cluster: lease.cluster,
    started_at: lease.startedAt,
    ended_at: lease.endedAt,
  };
}

function empty(ip: string, at: string): LookupAnswer {
  return {
    value: '',
    verdict: 'unsure',
    reason: '',
    ip,
    at,
    namespace: '',
    pod: '',
    pod_uid: '',
    workload_kind: '',
    workload: '',
    node: '',
    cluster: '',
    started_at: '',
    ended_at: '',
  };
}
