import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const BITS_OF_SUBSCRIBER = 64;

/**
 * The client that an address counts for: an IPv4 address for itself, an IPv6 address for its /64,
 * in which one subscriber can take any address (RFC 6177).
 */
export function clientOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  return ipaddr.IPv6.networkAddressFromCIDR(`${plain}/${BITS_OF_SUBSCRIBER}`).toString();
}

/**
 * The address in its usual spelling, without the interface that an address of a link may name. That of an IPv4 client on
 * a dual-stack socket, `::ffff:192.0.2.1`, is an IPv4 address. What is no address stays as it is.
 */
export function plainAddress(address: string): string {
  return isIP(address) === 0 ? address : ipaddr.process(address.split('%')[0] ?? '').toString();
}
