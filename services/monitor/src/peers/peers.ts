import { type Logger, pause } from '@podips/shared';
import type { ClusterView } from '../status-view.js';
import type { PeerReport } from './answer.js';
import { createPeerClient, PeerError } from './ask.js';
import type { PeerAddress, PeerSettings } from './settings.js';

export interface PeersOptions {
  readonly settings: PeerSettings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Deadline for one answer. */
  readonly timeoutMs?: number;
}

/** The monitors of other clusters. */
export interface Peers {
  /** In the order of the settings, each as it was last heard of. */
  view(): ClusterView[];
  stop(): Promise<void>;
}

const TIMEOUT_MS = 5_000;

interface Answer {
  readonly report: PeerReport;
  readonly atMs: number;
}

interface Peer {
  view(): ClusterView;
  stop(): Promise<void>;
}

/** Asks every other monitor regularly, each at its own pace: one that hangs holds up none of the others. */
export function startPeers(options: PeersOptions): Peers {
  const peers = options.settings.peers.map((address) => startPeer(address, options));
  return {
    view: () => peers.map((peer) => peer.view()),
    async stop() {
      await Promise.all(peers.map((peer) => peer.stop()));
    },
  };
}

function startPeer(address: PeerAddress, { settings, now, log, timeoutMs = TIMEOUT_MS }: PeersOptions): Peer {
  const { name, url } = address;
  const client = createPeerClient(address);
  const stopping = new AbortController();
  let last: Answer | undefined;
  let error: string | undefined = 'not asked yet';
  let silent = false;

  const askOnce = async () => {
    try {
      const report = await client.ask({ timeoutMs, signal: stopping.signal });
      last = { report, atMs: now() };
      error = undefined;
      if (silent) log.info({ monitor: name }, 'the other monitor answers again');
      silent = false;
    } catch (err) {
      if (stopping.signal.aborted) return;
      if (!(err instanceof PeerError)) throw err;
      error = err.message;
      if (!silent) log.warn({ err, monitor: name, url }, 'the other monitor does not answer');
      silent = true;
    }
  };
  const running = (async () => {
    do await askOnce();
    while (await pause(settings.intervalMs, stopping.signal));
  })();

  return {
    view: () => toView(address, last, error),
    async stop() {
      stopping.abort();
      await running;
      await client.close();
    },
  };
}

function toView(
  { name, url }: PeerAddress,
  last: Answer | undefined,
  error: string | undefined,
): ClusterView {
  return {
    name,
    url,
    reachable: error === undefined,
    lastAnswerAt: last ? new Date(last.atMs).toISOString() : null,
    light: last?.report.light ?? null,
    headline: last?.report.headline ?? '',
    error: error ?? null,
    operations: [...(last?.report.operations ?? [])],
  };
}
