import { ClusterError } from './cluster-error.js';

/** Addresses for pods. The one that came back last goes out first, so that addresses change hands quickly. */
export class IpPool {
  readonly size: number;
  readonly #format: (index: number) => string;
  readonly #returned: string[] = [];
  #used = 0;

  /** @param format the address with this number, counted from 0 */
  constructor(size: number, format: (index: number) => string) {
    this.size = size;
    this.#format = format;
  }

  get free(): number {
    return this.size - this.#used + this.#returned.length;
  }

  /** @throws {ClusterError} IP_POOL_EXHAUSTED */
  take(): string {
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    if (this.#used === this.size)
      throw new ClusterError('IP_POOL_EXHAUSTED', `all ${this.size} pod addresses are in use`);
    this.#used += 1;
    return this.#format(this.#used - 1);
  }

  giveBack(ip: string): void {
    this.#returned.push(ip);
  }
}

/** Below 10.64.0.0/10, from 10.64.0.1 on. */
export function podIpv4(index: number): string {
  const host = index + 1;
  return `10.${64 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`;
}

/** Below fd00:10:64::/64, from fd00:10:64::1 on. */
export function podIpv6(index: number): string {
  const host = index + 1;
  const groups = host > 0xffff ? [host >> 16, host & 0xffff] : [host];
  return `fd00:10:64::${groups.map((group) => group.toString(16)).join(':')}`;
}

/** How many addresses {@link podIpv4} has. */
export const MAX_POD_IPS = 64 * 65_536 - 2;
