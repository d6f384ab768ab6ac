/** One of the ways that are compared. */
export interface Contender {
  readonly name: string;
  /** Runs it for a while. @returns the rate per second */
  run(): Promise<number>;
}

/**
 * Runs all contenders, one after the other, in several rounds, so that other load on the machine affects all of them.
 * @returns the median of each contender's rates, by name
 */
export async function medianRates(
  contenders: readonly Contender[],
  rounds: number,
  print: (line: string) => void,
): Promise<ReadonlyMap<string, number>> {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, run } of contenders) {
      const rate = await run();
      rates.get(name)?.push(rate);
      print(`  ${name}, round ${round} of ${rounds}: ${Math.round(rate)}/s`);
    }
  }
  return new Map([...rates].map(([name, all]) => [name, median(all)]));
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
