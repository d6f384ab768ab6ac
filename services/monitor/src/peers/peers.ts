import { type Logger, pause } from '@podips/shared';
import type { Proxies } from '../proxy.js';
import type { ClusterView } from '../view/status-view.js';
import { createPeerClient, PeerError } from './ask.js';
import type { Answer, PeerMemory } from './peer-memory.js';
import type { PeerAddress, PeerSettings } from './settings.js';

export interface PeersOptions {
  readonly settings: PeerSettings;
  readonly proxies: Proxies;
  /** The answers from before the start; the caller closes it. */
  readonly memory: Pick<PeerMemory, 'recall' | 'remember'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Deadline for one answer. */
  readonly timeoutMs?: number;
}

/** The monitors of other clusters. */
export interface Peers {
  /** In the order of the settings, each with its last answer. */
  view(): ClusterView[];
  /** Calls the listener after each answer, and after each attempt without one. */
  onNews(listener: () => void): void;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 5_000;

interface Peer {
  view(): ClusterView;
  stop(): Promise<void>;
}

/** Queries every other monitor regularly, each at its own pace: one that hangs delays none of the others. */
export function startPeers(options: PeersOptions): Peers {
  const listeners: (() => void)[] = [];
  const notify = () => {
    for (const listener of listeners) listener();
  };
  const peers = options.settings.peers.map((address) => startPeer(address, options, notify));
  return {
    view: () => peers.map((peer) => peer.view()),
    onNews: (listener) => void listeners.push(listener),
    async stop() {
      await Promise.all(peers.map((peer) => peer.stop()));
    },
  };
}

function startPeer(address: PeerAddress, options: PeersOptions, notify: () => void): Peer {
  const { settings, proxies, memory, now, log, timeoutMs = TIMEOUT_MS } = options;
  const { name, url } = address;
  const client = createPeerClient(address, proxies);
  const stopping = new AbortController();
  let last = memory.recall(url);
  let error: string | undefined = 'not queried yet';
  let silent = false;

  const askOnce = async () => {
    try {
      const report = await client.ask({ timeoutMs, signal: stopping.signal });
      last = { report, atMs: now() };
      memory.remember(url, last);
      error = undefined;
      if (silent) log.info({ monitor: name }, 'other monitor reachable again');
      silent = false;
    } catch (err) {
      if (stopping.signal.aborted) return;
      if (!(err instanceof PeerError)) throw err;
      error = err.message;
      if (!silent) log.warn({ err, monitor: name, url }, 'other monitor unreachable');
      silent = true;
    }
  };
  const running = (async () => {
    do {
      await askOnce();
      notify();
    } while (await pause(settings.intervalMs, stopping.signal));
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
