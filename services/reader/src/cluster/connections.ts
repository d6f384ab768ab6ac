import { Agent, type buildConnector, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici';

const CONNECT_TIMEOUT_MS = 10_000;
/** Shorter than the usual 60 s of load balancers that drop idle connections. */
const KEEP_ALIVE_PROBE_MS = 30_000;

/** The connections to an API server, directly or through a proxy. */
export class Connections {
  readonly #proxyUrl: string | undefined;
  #open: { readonly key: string; readonly dispatcher: Dispatcher } | undefined;

  constructor(proxyUrl: string | undefined) {
    this.#proxyUrl = proxyUrl;
  }

  /** The connections with these TLS options; those with other ones are closed. */
  dispatcherFor(tls: Record<string, unknown>): Dispatcher {
    const key = JSON.stringify(tls);
    if (this.#open?.key === key) return this.#open.dispatcher;
    // Certificates were rotated. Requests under way keep the old connections until they end.
    void this.#open?.dispatcher.close();
    const dispatcher = this.#connect({
      ...tls,
      timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    });
    this.#open = { key, dispatcher };
    return dispatcher;
  }

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
