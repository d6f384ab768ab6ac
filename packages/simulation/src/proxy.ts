import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Running } from '@podips/shared';
import { closeServer, listen } from './listen.js';
import { freePort } from './ports.js';
import { answerInstead, relay, type Weather } from './relay.js';

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface TcpProxy extends Running {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  /** Holds back what passes, in both directions, for this long. */
  delayMs: number;
  /** Chunks that were held back so far. */
  readonly delayed: number;
  /** Open connections. */
  readonly connections: number;
  /** Resets all connections. New ones are accepted. */
  cut(): void;
  /**
   * Swallows all bytes and ends in both directions while connections stay open, as when a machine or a route
   * vanishes. What was swallowed stays lost after it is switched off.
   */
  halfOpen(on: boolean): void;
  /**
   * The next bytes of a client that match are not passed on: it gets this answer instead, and both ends are closed.
   * Once per call.
   */
  answerNext(request: RegExp, answer: string): void;
  /** Where new connections go from now on. */
  target: ProxyTarget;
  /** Refuses new connections; those that are open stay. Listens on the same port again when switched off. */
  refuse(on: boolean): Promise<void>;
  /** Ends all connections at once. */
  stop(): Promise<void>;
}

/** A TCP proxy that makes the faults of networks. @throws when no port can be bound */
export async function startProxy(target: ProxyTarget): Promise<TcpProxy> {
  const stopping = new AbortController();
  const pairs = new Set<readonly [Socket, Socket]>();
  const weather: Weather = {
    delayMs: 0,
    delayed: 0,
    swallowing: false,
    answers: [],
    stopping: stopping.signal,
  };
  let goal = target;
  let server: Server | undefined;

  const serve = (client: Socket) => {
    const upstream = connect({ ...goal, noDelay: true, allowHalfOpen: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const forgetPair = () => {
      if (client.destroyed && upstream.destroyed) pairs.delete(pair);
    };
    for (const socket of pair) socket.on('close', forgetPair);
    relay(client, upstream, weather, (bytes) => answerInstead(client, upstream, weather, bytes));
    relay(upstream, client, weather, () => false);
  };
  const open = async (port: number): Promise<number> => {
    const opened = createServer({ noDelay: true, allowHalfOpen: true }, serve);
    const bound = await listen(opened, '127.0.0.1', port);
    opened.on('error', () => cut());
    server = opened;
    return bound;
  };
  const cut = () => {
    for (const sockets of pairs) for (const socket of sockets) socket.resetAndDestroy();
  };
  const port = await open(await freePort());
  return {
    port,
    get delayMs() {
      return weather.delayMs;
    },
    set delayMs(ms) {
      weather.delayMs = ms;
    },
    get delayed() {
      return weather.delayed;
    },
    get connections() {
      return pairs.size;
    },
    cut,
    halfOpen(on) {
      weather.swallowing = on;
    },
    answerNext(request, answer) {
      weather.answers.push({ request, answer });
    },
    get target() {
      return goal;
    },
    set target(next) {
      goal = next;
    },
    async refuse(on) {
      if (!on && !server) await open(port);
      // Its callback would wait for the open connections, which are to stay.
      else if (on) server?.close();
      if (on) server = undefined;
    },
    async stop() {
      stopping.abort();
      const closed = server ? closeServer(server) : undefined;
      cut();
      await closed;
    },
  };
}
