import { createLogger, type PodIpMessage } from '@podips/shared';
import { vi } from 'vitest';
import { ChangeLog } from './changes/change-log.js';
import type { Cut } from './changes/cut.js';
import { isOfMarker, PodChanges } from './changes/pod-changes.js';
import { list as listInto } from './changes/pod-changes.test.helpers.js';
import type { ReaderClock } from './changes/reader-clock.js';
import type { PodEvent } from './cluster/pod-stream.js';
import { Delivery } from './delivery/delivery.js';
import { OutboxDrain } from './delivery/outbox-drain.js';
import { QueueGate } from './delivery/queue-gate.js';
import type { LoadedLedger } from './store/ledger.js';
import { Recorder } from './store/recorder.js';
import { RESTARTS } from './term.js';
import { findTermStart, isLedgerLoss, type TermEnd } from './term-start.js';
import { type TermRecord, unavailable, type World } from './world.test.helpers.js';

const log = createLogger('test', 'silent');

export interface TermBounds {
  readonly messages: number;
  readonly rows: number;
}

/** One term of a reader. */
export interface TermUnderTest {
  /** Reads what the watch has, or lists. */
  follow(): Promise<void>;
  bookmark(): void;
  linkChanged(): void;
  /** Set when the term has to end by itself. */
  readonly end: TermEnd | undefined;
  /** Whether all that happened was seen, delivered and recorded. */
  readonly settled: boolean;
  kill(): void;
  stop(): Promise<void>;
}

export const turn = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const ignore = () => undefined;

/** A signal that aborts by the timers that a test can fake. */
function deadlineOf(ms: number): AbortSignal {
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(), ms);
  return deadline.signal;
}

function markerOf(world: World) {
  return {
    get since() {
      return world.outOfOrderSince;
    },
    set(since: Date) {
      world.outOfOrderSince ??= since;
    },
    clear() {
      world.outOfOrderSince = undefined;
    },
  };
}

/** The real parts of a term, between the queue and the database of a world. */
function createParts(world: World, own: TermRecord, ledger: LoadedLedger | undefined, bounds: TermBounds) {
  const changes = new ChangeLog({ maxMessages: bounds.messages, maxRows: ledger && bounds.rows });
  const queue = {
    get session() {
      return world.up.queue ? 'session' : undefined;
    },
    get isDown() {
      return !world.up.queue;
    },
    send: (bodies: readonly string[]) => world.publish(bodies, own),
  };
  const outbox = {
    store: (bodies: readonly string[]) => world.store(bodies, own, ledger?.term),
    async drain(send: (bodies: readonly string[]) => Promise<void>) {
      if (!world.up.outbox) throw unavailable;
      const count = world.rows.length;
      if (count > 0) await send([...world.rows]);
      return world.rows.splice(0, count).length;
    },
    trackEarlier: () => world.trackEarlier(),
  };
  const drain = new OutboxDrain({ outbox, queue, log, onFailed: ignore });
  const gate = new QueueGate(queue, ledger?.checkpoint === undefined);
  const delivery = new Delivery({
    changes,
    queue: gate,
    outbox,
    log,
    onStored: ignore,
    onStoreFailed: ignore,
  });
  return { changes, drain, gate, delivery };
}

export async function startTerm(
  world: World,
  clock: ReaderClock,
  bounds: TermBounds,
  previous: TermEnd | undefined,
): Promise<TermUnderTest> {
  const ledger = await world.load();
  const own = { appended: [] as string[], durable: [] as string[] };
  world.terms.push(own);
  const marker = markerOf(world);
  const { changes, drain, gate, delivery } = createParts(world, own, ledger, bounds);
  const start = findTermStart({ ledger, previous }, marker);
  if (start.latest) clock.startAt(start.latest);
  void drain.empty().then((isEmpty) => {
    if (isEmpty === undefined) return;
    if (!isEmpty && start.checkpoint) marker.set(start.checkpoint.knownAt);
    gate.open();
    delivery.linkChanged();
  });
  const stopping = new AbortController();
  const onChange = (message: PodIpMessage) => void own.appended.push(JSON.stringify(message));
  const outOfOrder = ledger && marker;
  const deps = {
    log: changes,
    clock,
    origin: { hostname: 'reader-1', dc: 'dc-1' },
    outOfOrder,
    restartMessages: false,
    onPublish: () => ledger ?? marker.set(clock.now()),
    onChange,
    onGap: ignore,
    onContradiction: (found: object) => void world.contradictions.push(found),
  };
  const pods = new PodChanges({ ...deps, signal: stopping.signal }, start);
  const onRecorded = ({ gaps }: Cut) => {
    if (gaps.some(isOfMarker)) marker.clear();
  };
  const recorder =
    ledger &&
    new Recorder({
      changes,
      ledger: world,
      term: ledger.term,
      intervalMs: 1_000,
      log,
      onRecorded,
      onFailed: ignore,
    });
  let end: TermEnd | undefined;
  void recorder?.run(stopping.signal).then((outcome) => {
    end = outcome && RESTARTS[outcome];
    if (isLedgerLoss(end)) marker.set(clock.now());
  });
  let version = Number(ledger?.checkpoint?.resourceVersion ?? '') || undefined;
  let listing: Promise<void> | undefined;
  let isOpen = false;
  let isCaughtUp = false;

  const list = (at: number, reason: 'start' | 'expired') => {
    pods.catchingUp();
    // A connection that breaks between two pages ends the list without an end.
    const mayAccept = async () => world.up.watch;
    listing = listInto(pods, world.cluster.pods, `${at}`, reason, { mayAccept, pageSize: 1 })
      .then((isWhole) => {
        if (isWhole) version = at;
      }, ignore)
      .finally(() => {
        listing = undefined;
      });
  };
  const isFull = (event: PodEvent) => !pods.apply(event);
  return {
    get end() {
      if (!ledger || isLedgerLoss(end)) return world.up.ledger ? (end ?? 'ledger-late') : undefined;
      return end;
    },
    get settled() {
      return isCaughtUp && changes.undelivered === 0 && changes.unrecorded === 0;
    },
    async follow() {
      const { cluster, up } = world;
      isCaughtUp = false;
      if (up.watch) clock.answered(new Date().toUTCString(), clock.asked());
      if (!up.watch) isOpen = false;
      if (!up.watch || listing) return;
      if (version === undefined) list(cluster.version, 'start');
      else if (version < cluster.forgottenUpTo) list(cluster.version, 'expired');
      await turn();
      if (listing || version === undefined) return;
      if (!isOpen) pods.catchingUp();
      isOpen = true;
      for (const event of cluster.after(version)) {
        if (isFull(event)) isOpen = false;
        if (!isOpen || !('resourceVersion' in event)) return;
        version = Number(event.resourceVersion);
      }
    },
    bookmark() {
      isCaughtUp = isOpen && !listing && version === world.cluster.version;
      if (isCaughtUp) pods.apply({ type: 'bookmark', resourceVersion: `${version}` });
    },
    linkChanged() {
      delivery.linkChanged();
      drain.start();
    },
    kill() {
      stopping.abort();
      delivery.close();
      void drain.stop();
    },
    async stop() {
      stopping.abort();
      await listing;
      const settled = delivery.settle(deadlineOf(12_000));
      await turn(12_001);
      await settled;
      delivery.close();
      await drain.stop();
      if (end !== 'fenced') await recorder?.flush();
    },
  };
}
