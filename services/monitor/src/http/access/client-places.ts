import { clientOf, plainAddress } from './client-address.js';
import type { Networks } from './networks.js';

export interface ClientPlacesOptions {
  readonly perClient: number;
  /** Addresses that many clients share, each of which may take any number. */
  readonly isShared: Networks;
}

/** A bound for what one client can take of something that all need. */
export interface ClientPlaces {
  /** @returns what gives the place back, undefined when the client has all that it may have */
  take(address: string): (() => void) | undefined;
}

export function createClientPlaces({ perClient, isShared }: ClientPlacesOptions): ClientPlaces {
  const taken = new Map<string, number>();
  return {
    take(address) {
      if (isShared(address)) return () => undefined;
      const client = clientOf(plainAddress(address));
      const count = taken.get(client) ?? 0;
      if (count >= perClient) return undefined;
      taken.set(client, count + 1);
      return () => {
        const left = (taken.get(client) ?? 0) - 1;
        if (left > 0) taken.set(client, left);
        else taken.delete(client);
      };
    },
  };
}
