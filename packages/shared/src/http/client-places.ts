import type { Networks } from './networks.js';
import { clientOf } from './plain-address.js';

export interface ClientPlacesOptions {
  readonly perClient: number;
  /** Addresses that many clients share; they have no bound. */
  readonly isShared: Networks;
}

/** A bound on one client's share of something that all clients need. */
export interface ClientPlaces {
  /** @returns a function that releases the place; undefined when the client has reached its bound */
  take(address: string): (() => void) | undefined;
}

export function createClientPlaces({ perClient, isShared }: ClientPlacesOptions): ClientPlaces {
  const counts = new Map<string, number>();
  return {
    take(address) {
      if (isShared(address)) return () => undefined;
      const client = clientOf(address);
      const count = counts.get(client) ?? 0;
      if (count >= perClient) return undefined;
      counts.set(client, count + 1);
      return () => {
        const left = (counts.get(client) ?? 0) - 1;
        if (left > 0) counts.set(client, left);
        else counts.delete(client);
      };
    },
  };
}
