/** The lines of a log, in the order of their times, about the addresses of a ledger that was filled. */
export interface LogOfLines {
  readonly lines: number;
  /** How many addresses pods have. */
  readonly addresses: number;
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The addresses of the ledger that is filled in, and the steps in which lines go through them. */
const FLEET = { nodes: 200, step: 7_919 } as const;

/** The nth address: mostly of pods; one in a hundred of a node, and one in twenty from elsewhere. */
export function addressOf(n: number, { addresses }: LogOfLines): string {
  if (n % 100 === 7) return `192.168.0.${Math.floor(n / 100) % FLEET.nodes}`;
  if (n % 20 === 3) return `203.0.${(n >> 8) & 255}.${n & 255}`;
  const offset = (n * FLEET.step) % addresses;
  return `10.${64 + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`;
}

export function timeOf(n: number, { fromMs, toMs, lines }: LogOfLines): string {
  return new Date(fromMs + Math.floor((n * (toMs - fromMs)) / lines)).toISOString();
}

const LINES_PER_PART = 1_000;

/** The log as text. @param lineOf the line of an address and a time, without its end */
export function* textOf(
  log: LogOfLines,
  lineOf: (ip: string, at: string, n: number) => string,
): Generator<string> {
  for (let first = 0; first < log.lines; first += LINES_PER_PART) {
    let text = '';
    for (let n = first; n < Math.min(log.lines, first + LINES_PER_PART); n += 1)
      text += `${lineOf(addressOf(n, log), timeOf(n, log), n)}\n`;
    yield text;
  }
}
