import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { readForwarded, readForwardedFor } from './forwarded.js';
import type { Networks } from './networks.js';
import { plainAddress } from './plain-address.js';

/** A request, as its connection and its headers show it. */
export interface Origin {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * The address of the client: what trusted proxies say in `X-Forwarded-For` or `Forwarded` (RFC 7239), from the nearest
 * one back to the first address that is not trusted. Where both headers came and do not agree, one of them is the
 * client's own, and nothing is believed but the connection.
 */
export function clientAddress({ headers, socket }: Origin, isTrusted: Networks): string {
  const peer = plainAddress(socket.remoteAddress ?? 'unknown');
  if (!isTrusted(peer)) return peer;
  const chains = [
    readForwardedFor(String(headers['x-forwarded-for'] ?? '')),
    readForwarded(headers.forwarded ?? ''),
  ].filter((chain) => chain.length > 0);
  const clients = chains.map((chain) => firstUntrusted(peer, chain.map(plainAddress), isTrusted));
  const [client = peer] = clients;
  return clients.every((each) => each === client) ? client : peer;
}

/** @param chain the addresses that proxies saw, the nearest proxy's last; what is no address ends what is known */
function firstUntrusted(peer: string, chain: readonly string[], isTrusted: Networks): string {
  let client = peer;
  for (const address of chain.toReversed()) {
    if (!isTrusted(client) || isIP(address) === 0) break;
    client = address;
  }
  return client;
}
