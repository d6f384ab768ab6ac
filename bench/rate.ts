import type { Figure } from './measurement.js';

/** One of the ways that are compared. */
export interface Contender {
  readonly name: string;
  /** Runs it for a while. @returns the rate per second */
  run(): Promise<number>;
}

/** The median of several measurements, and their range. */
export type Repeated = Required<Pick<Figure, 'value' | 'range'>>;

/** The rates per second of several contenders, in the same rounds. */
export class Rates {
  readonly #rates: ReadonlyMap<string, readonly number[]>;

  /** @param rates of each round, by the contender's name */
  constructor(rates: ReadonlyMap<string, readonly number[]>) {
    this.#rates = rates;
  }

  of(name: string): Repeated {
    return repeated(this.#of(name));
  }

  /** How one does beside another, in the same round: what else the machine did affects both. */
  ratio(name: string, other: string): Repeated {
    const others = this.#of(other);
    return repeated(this.#of(name).map((rate, round) => rate / (others[round] ?? Number.NaN)));
  }

  /** The same in percent. */
  share(name: string, other: string): Repeated {
    const { value, range } = this.ratio(name, other);
    return { value: 100 * value, range: [100 * range[0], 100 * range[1]] };
  }

  /** The fastest of some. */
  best(names: readonly string[]): string {
    const [best] = names.toSorted((a, b) => this.of(b).value - this.of(a).value);
    if (best === undefined) throw new RangeError('none of no contenders is the best');
    return best;
  }

  #of(name: string): readonly number[] {
    return this.#rates.get(name) ?? [];
  }
}

/**
 * Runs all contenders, one after the other, in several rounds, every second one in reverse, so that other load on the
 * machine, and what the one before leaves behind, affects all of them.
 */
export async function measureRates(
  contenders: readonly Contender[],
  rounds: number,
  print: (line: string) => void,
): Promise<Rates> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, run } of round % 2 === 1 ? contenders : contenders.toReversed()) {
      const rate = await run();
      rates.get(name)?.push(rate);
      print(`  ${name}, round ${round} of ${rounds}: ${Math.round(rate)}/s`);
    }
  }
  return new Rates(rates);
}

function repeated(values: readonly number[]): Repeated {
  return { value: median(values), range: [Math.min(...values), Math.max(...values)] };
}

/** @throws {RangeError} for no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values have no median');
  return (lower + upper) / 2;
}

/** The rate per second of `work`, which processes `count`. */
export async function rateOf(count: number, work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (count * 1_000) / (performance.now() - startedMs);
}
