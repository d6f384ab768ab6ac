/** A source of random values that gives the same ones for the same seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  integer(bound: number): number;
  /** One of the items; throws a RangeError when there are none. */
  pick<T>(items: readonly T[]): T;
  /** Characters as Kubernetes appends to generated names: no vowels, nothing that looks like something else. */
  nameSuffix(length: number): string;
  /** A version 4 UUID. */
  uuid(): string;
}

const NAME_CHARS = 'bcdfghjklmnpqrstvwxz2456789';
const UINT32_RANGE = 2 ** 32;
/** Spreads small seeds over all bits: the odd integer closest to 2^32 divided by the golden ratio. */
const SEED_SPREAD = 0x9e3779b1;

/** A xorshift generator of 32 bits (Marsaglia, "Xorshift RNGs", 2003): small and quick, and not for secrets. */
export function createRandom(seed: number): Random {
  // The state must never be 0: it would stay there.
  let state = Math.imul(seed, SEED_SPREAD) | 0 || 1;

  const nextUint32 = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const next = () => nextUint32() / UINT32_RANGE;
  const integer = (bound: number) => Math.floor(next() * bound);
  const hex = () => nextUint32().toString(16).padStart(8, '0');

  return {
    next,
    integer,
    pick(items) {
      const index = integer(items.length);
      if (index >= items.length) throw new RangeError('nothing to pick from');
      // The index is within bounds; T itself may include undefined.
      return items[index] as (typeof items)[number];
    },
    nameSuffix: (length) => Array.from({ length }, () => NAME_CHARS[integer(NAME_CHARS.length)]).join(''),
    uuid() {
      const [a, b, c, d] = [hex(), hex(), hex(), hex()];
      const variant = (8 + integer(4)).toString(16);
      return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`;
    },
  };
}
