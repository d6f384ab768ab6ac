import { isIP, isIPv4 } from 'node:net';

/** The origin of a request, as it states it. */
export interface Origin {
  /** From trusted proxies, which may pass on anything that they received. */
  readonly ip: string;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

const IPV6_GROUPS = 8;
const SUBSCRIBER_GROUPS = 4;

/** The address of the client: from trusted proxies when it is one, else of the connection. */
export function clientAddress({ ip, socket }: Origin): string {
  return plainAddress(isIP(ip) === 0 ? (socket.remoteAddress ?? 'unknown') : ip);
}

/**
 * The client that an address counts for: an IPv4 address for itself, an IPv6 address for its /64,
 * in which one subscriber can take any address (RFC 6177).
 */
export function clientOf(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) return address;
  const [head = [], tail] = (address.split('%')[0] ?? '').split('::').map(toGroups);
  const zeros = tail === undefined ? 0 : IPV6_GROUPS - head.length - tail.length;
  return [...head, ...Array<string>(zeros).fill('0'), ...(tail ?? [])].slice(0, SUBSCRIBER_GROUPS).join(':');
}

/** The IPv4 address of an IPv4 client on a dual-stack socket. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** The groups of a part of an IPv6 address, without leading zeros; an embedded IPv4 address counts as two. */
function toGroups(part: string): string[] {
  if (part === '') return [];
  return part
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : [Number.parseInt(group, 16).toString(16)]));
}
