import { ChangeLog, createLedger, PodChanges, projectPod, SAME_CLOCK } from '@podips/reader';
import type { DatabasePool } from '@podips/shared';
import type { PodEvent } from '@podips/simulation';
import type { DayCluster } from './day-cluster.js';

const TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;
const BOUNDS = { maxMessages: 100_000, maxRows: 100_000 };

/** The core of a reader before a real ledger, on the clock of the day: each write of the cluster is an event. */
export interface DayReader {
  /** Records what has happened, as after a bookmark. @returns the time up to which the ledger knows everything */
  record(): Promise<Date>;
}

/** Begins with a list of the pods that there are. */
export async function startDayReader(pool: DatabasePool, { agenda, state }: DayCluster): Promise<DayReader> {
  const { store } = state;
  const ledger = createLedger(pool, 'default');
  const { term, known, checkpoint, latest } = await ledger.load();
  const log = new ChangeLog(BOUNDS);
  const ignore = () => undefined;
  const changes = new PodChanges(
    {
      log,
      origin: { hostname: 'reader-1', dc: 'dc-1' },
      clock: { now: () => new Date(agenda.nowMs), serverClock: SAME_CLOCK, takeJumps: () => [] },
      outOfOrder: undefined,
      restartMessages: false,
      signal: new AbortController().signal,
      ...{ onPublish: ignore, onChange: ignore, onGap: ignore, onContradiction: ignore },
    },
    { known, checkpoint, latest },
  );
  const pods = state.pods.all().map((pod) => projectPod(pod));
  changes.catchingUp();
  const listing = changes.startList();
  const mayAccept = async () => {
    deliver(log);
    return true;
  };
  await listing.page(pods, mayAccept);
  await listing.end(String(store.revision), 'start', mayAccept);
  let position = store.endPosition;
  store.onWrite(() => {
    for (let event = store.eventAt(position); event !== undefined; event = store.eventAt(++position)) {
      if (!changes.apply(toPodEvent(event))) throw new Error('no room for an event of the day');
    }
  });
  return {
    async record() {
      changes.apply({ type: 'bookmark', resourceVersion: String(store.revision) });
      deliver(log);
      const cut = log.cut();
      if (cut?.checkpoint === undefined) throw new Error('a bookmark moves the checkpoint');
      await ledger.write(term, cut);
      log.recorded(cut);
      return cut.checkpoint.knownAt;
    },
  };
}

function toPodEvent({ type, pod, resourceVersion }: PodEvent) {
  return { type: TYPES[type], pod: projectPod(pod), resourceVersion: String(resourceVersion) };
}

/** There is no queue: all messages are durable at once. */
function deliver(log: ChangeLog): void {
  for (const { number } of [...log.undeliveredAfter(0, Number.POSITIVE_INFINITY)]) log.delivered(number);
}
