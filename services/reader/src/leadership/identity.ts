import { randomBytes } from 'node:crypto';

/**
 * A name for one process in the election. The hostname, in a cluster the pod's name, is for people; what makes it unique is
 * the rest: the next process in this pod must not take the Lease of this one for its own.
 */
export function createIdentity(host: string): string {
  return `${host}_${randomBytes(8).toString('hex')}`;
}
