import { randomBytes } from 'node:crypto';

/**
 * A name in the election. The hostname, in a cluster the pod's name, is for people. The pod's UID makes it unique: a
 * container that is restarted continues with the Lease of the one before it, which has ended for certain. Without a UID
 * each process is a candidate of its own, and waits until the Lease of the one before it has expired.
 */
export function createIdentity(host: string, podUid: string | undefined): string {
  return `${host}_${podUid ?? randomBytes(8).toString('hex')}`;
}
