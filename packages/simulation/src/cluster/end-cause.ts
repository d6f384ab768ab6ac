import type { PodObject } from './pod-object.js';
import type { EndCause } from './truth.js';

/** What the kubelet, or someone else, does to a pod that ends. */
export type EndStep = 'finish' | 'fail' | 'evict' | 'remove';

/** Why a pod really ends, in Kubernetes' words. */
export function endCauseOf({ metadata, spec, status }: PodObject, step: EndStep): EndCause {
  if (step === 'evict') return { cause: 'Evicted' };
  const disruption = status.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason;
  if (disruption !== undefined) return { cause: disruption };
  // The kubelet would start the containers again, were it not for the deletion.
  if (step === 'remove' || spec.restartPolicy === 'Always') return { cause: 'Deleted' };
  if (step === 'finish') return { cause: 'Completed' };
  return metadata.deletionTimestamp === undefined ? { cause: 'Error', exitCode: 1 } : { cause: 'Deleted' };
}
