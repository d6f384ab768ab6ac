import { hostname } from 'node:os';
import type { Logger } from '@podips/shared';
import type { KubeEditor } from '../cluster/kube-client.js';
import { Candidate } from './candidate.js';
import { awaitLeadership, type ElectionEvents, type Leadership, soleLeadership } from './election.js';
import type { ElectionSettings } from './election-settings.js';
import { createIdentity } from './identity.js';
import { createLeaseClient } from './lease-client.js';

/** This reader's part in the election, for as long as it runs. */
export interface Elector {
  /** Waits until this reader leads. @returns undefined when the signal aborted before */
  lead(signal: AbortSignal): Promise<Leadership | undefined>;
}

/** @param settings undefined for the only reader, which leads at once */
export function createElector(
  client: KubeEditor,
  settings: ElectionSettings | undefined,
  events: ElectionEvents,
  log: Logger,
): Elector {
  if (settings === undefined) {
    log.warn('leader election is off: no other reader may run');
    return { lead: async (signal) => (signal.aborted ? undefined : soleLeadership()) };
  }
  const { lease, durationMs, podUid } = settings;
  const identity = createIdentity(hostname(), podUid);
  log.info({ ...lease, identity }, 'candidate for the leader lease');
  // Two attempts, or an attempt and the read after it, before others take over.
  const leases = createLeaseClient(client, lease, durationMs / 2);
  const clocks = { steadyMs: () => performance.now(), now: () => new Date() };
  const candidate = new Candidate(leases, { lease, identity, durationSeconds: durationMs / 1_000 }, clocks);
  return { lead: (signal) => awaitLeadership(candidate, settings, events, log, signal) };
}
