import { Agent, type Environment, ProxyAgent, proxyOf, request, toError } from '@podips/shared';
import { EnvError, makeValidator } from 'envalid';
import type { Dispatcher, Agent as UndiciAgent } from 'undici';
import type { Fetch } from './alerts/webhook-channel.js';

/** A proxy by the rules of {@link proxyOf}: the text is checked, and kept as it is. */
const proxy = (variable: 'HTTPS_PROXY' | 'HTTP_PROXY') =>
  makeValidator<string>((input) => {
    try {
      proxyOf(new URL(variable === 'HTTPS_PROXY' ? 'https://any' : 'http://any'), { [variable]: input });
    } catch {
      throw new EnvError('must be the URL of a proxy that begins with http, https or socks5');
    }
    return input;
  });

export const proxySpecs = {
  HTTPS_PROXY: proxy('HTTPS_PROXY')({
    default: '',
    desc: "proxy to https URLs of webhooks, of the dead man's ping and of other monitors",
  }),
  HTTP_PROXY: proxy('HTTP_PROXY')({ default: '', desc: 'proxy to http URLs of the same' }),
  NO_PROXY: makeValidator<string>((input) => input)({
    default: '',
    desc: 'names, domains, addresses and networks that are reached without a proxy, separated by commas',
  }),
};

/** Which URLs are reached through which proxy. */
export type Proxies = Readonly<Record<keyof typeof proxySpecs, string>>;

export const NO_PROXIES: Proxies = { HTTPS_PROXY: '', HTTP_PROXY: '', NO_PROXY: '' };

/** The usual names are those in capitals, which go before those in small letters. */
export function withProxies(env: Environment): Environment {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] as const;
  return { ...env, ...Object.fromEntries(names.map((name) => [name, env[name] || env[name.toLowerCase()]])) };
}

/** What makes the connections to a URL, through its proxy if it has one. To be closed by the caller. */
export function createDispatcher(url: URL, proxies: Proxies, options: UndiciAgent.Options = {}): Dispatcher {
  const uri = proxyOf(url, { ...proxies });
  if (uri === undefined) return new Agent(options);
  return new ProxyAgent({ ...options, uri: uri.replace(/^socks5h:/, 'socks5:') });
}

/** There was no answer; `code` says why, without anything of the URL. */
class FetchError extends Error {
  readonly code: string;

  constructor(error: Error, proxy: string | undefined) {
    super('fetch failed', { cause: error });
    const code = 'code' in error ? String(error.code) : error.name;
    this.code = proxy === undefined ? code : `through the proxy ${new URL(proxy).host}: ${code}`;
  }
}

/** `fetch` through the proxies that are set. Each request has a connection of its own: alerts are rare. */
export function createFetch(proxies: Proxies): Fetch {
  return async (url, init) => {
    const dispatcher = createDispatcher(new URL(url), proxies);
    try {
      const answer = await request(url, { ...init, dispatcher });
      const { statusCode: status, headers } = answer;
      // Only the head counts; the rest may be endless, and ends with the connection.
      answer.body.on('error', () => undefined).destroy();
      return {
        ok: status >= 200 && status < 300,
        status,
        headers: { get: (name) => [headers[name] ?? null].flat()[0] ?? null },
      };
    } catch (err) {
      throw new FetchError(toError(err), proxyOf(new URL(url), { ...proxies }));
    } finally {
      await dispatcher.destroy();
    }
  };
}
