import type { LookupFunction } from 'node:net';
import type { AddressOrder } from '@podips/shared';
import { Agent, type buildConnector, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici';

const CONNECT_TIMEOUT_MS = 10_000;
/** Shorter than the usual 60 s of load balancers that drop idle connections. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** The connections to an API server, directly or through a proxy. */
export class Connections {
  readonly #proxyUrl: string | undefined;
  readonly #addresses: AddressOrder;
  /** Of the server, as they were tried last; none when it is named by its address. */
  #tried: readonly string[] = [];
  #open: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;

  constructor(proxyUrl: string | undefined, addresses: AddressOrder) {
    this.#proxyUrl = proxyUrl;
    this.#addresses = addresses;
  }

  /** The address of the server that is tried first, as far as it is known. */
  get address(): string | undefined {
    return this.#tried[0];
  }

  /** The server was mute at this address, or at the one that was tried first: another one is tried before it. */
  avoid(address = this.address): void {
    if (address === undefined || this.#tried.length < 2) return;
    this.#addresses.failed(address);
    // Requests under way keep the old connections until they end.
    void this.#open?.dispatcher.close();
    this.#open = undefined;
  }

  /** The connections with these TLS options; those with other ones are closed. */
  dispatcherFor(tls: Record<string, unknown>): Dispatcher {
    const key = JSON.stringify(tls);
    if (this.#open?.key === key) return this.#open.dispatcher;
    // Certificates were rotated. Requests under way keep the old connections until they end.
    void this.#open?.dispatcher.close();
    const dispatcher = this.#connect({
      ...tls,
      lookup: this.#lookup,
      timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    });
    this.#open = { key, dispatcher };
    return dispatcher;
  }

  readonly #lookup: LookupFunction = (host, options, done) =>
    this.#addresses.lookup(host, options, (err, found, family) => {
      this.#tried = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      done(err, found, family);
    });

  async close(): Promise<void> {
    await this.#open?.dispatcher.destroy();
  }

  #connect(connect: buildConnector.BuildOptions): Dispatcher {
    if (this.#proxyUrl === undefined) return new Agent({ connect });
    if (!this.#proxyUrl.startsWith('socks'))
      return new ProxyAgent({ uri: this.#proxyUrl, requestTls: connect });
    // Socks5h, where the proxy looks the name up, is what the other one does here, too.
    return new Socks5ProxyAgent(this.#proxyUrl.replace(/^socks5h:/, 'socks5:'), { requestTls: connect });
  }
}
