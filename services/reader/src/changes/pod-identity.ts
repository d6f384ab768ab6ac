import type { MessagePod } from '@podips/shared';

/** Only those fields of a pod that are in its messages. */
export function identityOf(pod: MessagePod): MessagePod {
  const { uid, namespace, name, ownerKind, ownerName, node, hostNetwork, workload } = pod;
  return { uid, namespace, name, ownerKind, ownerName, node, hostNetwork, workload };
}
