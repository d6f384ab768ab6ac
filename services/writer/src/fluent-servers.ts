import type { ServerAddress } from '@podips/shared';

/** A server that answers again may fail as it did before: each return to it may cost the wait for an ack. */
const REST_MS = 300_000;

/** Which server of a list is in use: the next one after each failure, and an earlier one again after a rest. */
export class FluentServers {
  readonly #servers: readonly ServerAddress[];
  readonly #failedMs: number[];
  /** Places of servers that have failed since the last ack of any. */
  readonly #withoutAck = new Set<number>();
  #place = 0;

  /** @param servers in the order of preference; at least one */
  constructor(servers: readonly ServerAddress[]) {
    this.#servers = servers;
    this.#failedMs = servers.map(() => Number.NEGATIVE_INFINITY);
  }

  /** The place of the server in use, from 0. */
  get place(): number {
    return this.#place;
  }

  get current(): ServerAddress {
    const server = this.#servers[this.#place];
    if (server === undefined) throw new TypeError('a forwarder needs at least one server');
    return server;
  }

  /** The server in use failed: the next one takes its place, after the last one the first. */
  failed(nowMs: number): void {
    this.#failedMs[this.#place] = nowMs;
    this.#withoutAck.add(this.#place);
    this.#place = (this.#place + 1) % this.#servers.length;
  }

  /** A server has acknowledged records. A connection that lasts proves nothing. */
  acknowledged(): void {
    this.#withoutAck.clear();
  }

  /** There are servers that have not failed since the last ack. */
  get othersLeft(): boolean {
    return this.#withoutAck.size < this.#servers.length;
  }

  /** Servers before the one in use that have rested, in the order of preference. */
  rested(nowMs: number): ServerAddress[] {
    return this.#servers
      .slice(0, this.#place)
      .filter((_, place) => nowMs - (this.#failedMs[place] ?? 0) >= REST_MS);
  }

  use(server: ServerAddress): void {
    this.#place = this.#servers.indexOf(server);
  }
}
