import { clientOf } from '@podips/shared';

/** A bound on what is answered at a time, of which one client leaves a part to the others. */
export interface Places {
  /**
   * A client that has some gets another one only while more are free than it has.
   * @returns a function that releases the place; undefined when it gets none
   */
  take(address: string): (() => void) | undefined;
  /** How many of them the client has. */
  heldBy(address: string): number;
}

export function createPlaces(total: number): Places {
  const counts = new Map<string, number>();
  let free = total;
  const heldBy = (address: string) => counts.get(clientOf(address)) ?? 0;
  return {
    heldBy,
    take(address) {
      const held = heldBy(address);
      if (free <= held) return undefined;
      free -= 1;
      counts.set(clientOf(address), held + 1);
      let taken = true;
      return () => {
        if (!taken) return;
        taken = false;
        free += 1;
        const left = heldBy(address) - 1;
        if (left > 0) counts.set(clientOf(address), left);
        else counts.delete(clientOf(address));
      };
    },
  };
}
