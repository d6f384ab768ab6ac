import type * as undici from 'undici';
// Not from the package itself, which loads fetch, WebSockets, caches and mocks as well.
import methods from 'undici/lib/api/index.js';
import LoadedAgent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import LoadedProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';

// As the package does it: requests, and the tunnels of proxies.
Object.assign(Dispatcher.prototype, methods);

export const Agent: typeof undici.Agent = LoadedAgent;
export const ProxyAgent: typeof undici.ProxyAgent = LoadedProxyAgent;

export type RequestOptions = Pick<undici.Dispatcher.RequestOptions, 'headers' | 'body' | 'signal'> & {
  readonly dispatcher: undici.Dispatcher;
  /** GET by default. */
  readonly method?: undici.Dispatcher.HttpMethod;
};

/** As `request` of undici, over connections that are always named. @throws when there is no answer */
export async function request(
  url: string | URL,
  { dispatcher, method = 'GET', ...options }: RequestOptions,
): Promise<undici.Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(url);
  return await dispatcher.request({ ...options, method, origin, path: `${pathname}${search}` });
}
