import { BlockList, isIP } from 'node:net';
import { plainAddress } from './plain-address.js';

/** Whether an address lies in one of some networks; what is no address lies in none. */
export type Networks = (address: string) => boolean;

/**
 * @param entries addresses and networks, `10.0.0.0/8`
 * @throws when one is neither, or has all addresses in it
 */
export function createNetworks(entries: readonly string[]): Networks {
  const list = new BlockList();
  for (const entry of entries) add(list, entry);
  return (address) => {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && list.check(plain, familyOf(plain));
  };
}

function add(list: BlockList, entry: string): void {
  const [written = '', bits, ...rest] = entry.split('/');
  const address = plainAddress(written);
  if (rest.length > 0) throw new TypeError(`${entry} has two prefix lengths`);
  const family = familyOf(address);
  if (bits === undefined) list.addAddress(address, family);
  else if (!/^[1-9]\d*$/.test(bits))
    throw new TypeError(`${entry} has no prefix length, or one of 0, which covers all addresses`);
  else list.addSubnet(address, Number(bits), family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
