import { BlockList, isIP } from 'node:net';
import { SettingsError } from '../errors.js';
import { collectProblems, type Environment } from './read-settings.js';
import { withoutLogin } from './validators.js';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The proxy of HTTPS_PROXY or HTTP_PROXY for a URL, by the rules of Go, and so of kubectl.
 * @returns undefined where there is none, and where NO_PROXY names the host
 * @throws {SettingsError} for a proxy that is no URL
 */
export function proxyOf(url: URL, env: Environment): string | undefined {
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return isExcluded(url, env.NO_PROXY || env.no_proxy || '') ? undefined : readProxy(variable, env);
}

/** Checks the proxies for all URLs, whether or not one is reached through them. @throws {SettingsError} as {@link proxyOf} */
export function checkProxies(env: Environment): void {
  const problems: string[] = [];
  for (const variable of ['HTTPS_PROXY', 'HTTP_PROXY'])
    collectProblems(problems, () => readProxy(variable, env));
  if (problems.length > 0) throw new SettingsError(problems);
}

function readProxy(variable: string, env: Environment): string | undefined {
  const value = env[variable] || env[variable.toLowerCase()];
  if (!value) return undefined;
  const proxy = URL.parse(value.includes('://') ? value : `http://${value}`);
  if (!proxy?.host) throw new SettingsError([`${variable} must be a URL, but is "${withoutLogin(value)}"`]);
  return checkProxy(proxy, variable);
}

/** @throws {SettingsError} for a scheme that is not supported */
export function checkProxy(proxy: URL, what: string): string {
  if (/^(https?|socks5h?):$/.test(proxy.protocol)) return proxy.href;
  throw new SettingsError([
    `${what} must be a URL that begins with http, https or socks5, but begins with ${proxy.protocol}`,
  ]);
}

/** Loopback is never reached through a proxy. */
function isExcluded(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || DEFAULT_PORTS[url.protocol];
  if (host === 'localhost' || isWithin(host, '127.0.0.0/8') || host === '::1') return true;
  return noProxy
    .split(',')
    .map((rule) => rule.trim().toLowerCase())
    .some((rule) => rule !== '' && matches(rule, host, port));
}

function matches(rule: string, host: string, port: string | undefined): boolean {
  if (rule === '*') return true;
  if (rule.includes('/')) return isWithin(host, rule);
  const [, ruleHost, rulePort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIP(rule) ? `[${rule}]` : rule) ?? [];
  if (!ruleHost || (rulePort !== undefined && rulePort !== port)) return false;
  if (isIP(ruleHost) !== 0) return isWithin(host, `${ruleHost}/${isIP(ruleHost) === 4 ? 32 : 128}`);
  const domain = ruleHost.replace(/^\*\./, '.');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isWithin(host: string, network: string): boolean {
  const [address = '', prefix] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const bits = Number(prefix);
  if (isIP(host) === 0 || isIP(host) !== isIP(address) || !(bits <= (family === 'ipv4' ? 32 : 128)))
    return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list.check(host, family);
}
