import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * One spelling for each address, so that a new spelling does not count as a new address (RFC 5952, 4 and 5).
 * @throws when it is no address
 */
export function canonicalIp(ip: string): string {
  // Without leading zeros, so that there is no other spelling.
  if (isIPv4(ip)) return ip;
  const address = ipaddr.parse(ip);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? `::ffff:${address.toIPv4Address()}`
    : address.toString();
}
