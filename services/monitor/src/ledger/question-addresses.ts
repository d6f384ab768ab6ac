import { isIP, isIPv4 } from 'node:net';
import { readAddress, refang } from '@podips/annotate';
import { canonicalIp } from '@podips/shared';
import { InvalidRequestError, RULES } from '../words/request-rules.js';

/** Several addresses, or those of a network, `10.1.2.0/24`. */
export type Addresses = { readonly ips: readonly string[] } | { readonly network: string };

/** Most addresses of one question. */
const MAX_ADDRESSES = 100;

const NETWORK = /^([\da-f.:]+)\/(\d{1,3})$/i;

/**
 * Reads one address, several of them between commas or spaces, or a network.
 * @throws {InvalidRequestError}
 */
export function parseAddresses(text: string): Addresses {
  const wrong = new InvalidRequestError('ip', `ip must be ${RULES.addresses}`);
  const items = refang(text)
    .split(/[\s,;]+/)
    .filter((item) => item !== '');
  const network = items.length === 1 ? parseNetwork(items[0] ?? '') : undefined;
  if (network !== undefined) return { network };
  if (items.length === 0 || items.length > MAX_ADDRESSES) throw wrong;
  try {
    return { ips: [...new Set(items.map(parseIp))] };
  } catch {
    throw wrong; // parseIp names the rule for a single address
  }
}

/**
 * One address, as logs and reports have it: in brackets as in a URL, with a port, as a network of one address, defanged. An
 * IPv4 address that is written as IPv6 is what it is.
 * @throws {InvalidRequestError}
 */
export function parseIp(text: string): string {
  if (isIPv4(text)) return text;
  const ip = readAddress(text);
  if (ip === undefined || ip.includes('%')) throw new InvalidRequestError('ip');
  return canonicalIp(ip).replace(/^::ffff:(?=\d+\.)/, '');
}

/** @returns undefined for a single address, and for what is none; one of IPv4 addresses that are written as IPv6 is none */
function parseNetwork(text: string): string | undefined {
  const [, ip = '', bits = ''] = NETWORK.exec(text) ?? [];
  const width = isIP(ip) === 4 ? 32 : 128;
  if (isIP(ip) === 0 || Number(bits) >= width) return undefined;
  const canonical = canonicalIp(ip);
  return canonical.startsWith('::ffff:') ? undefined : `${canonical}/${Number(bits)}`;
}
