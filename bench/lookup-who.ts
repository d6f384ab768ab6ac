import type { DatabasePool } from '@podips/shared';
import { addressOf, type LogOfLines, timeOf } from './lookup-lines.js';
import type { Figure } from './measurement.js';

const AT_ONCE = 500;
const STEP = 7;

/** How many addresses a second the function decides about, for those who have SQL. */
export async function measureWho(
  pool: DatabasePool,
  log: LogOfLines,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
): Promise<Figure> {
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let asked = 0;
  while (performance.now() < endMs) {
    signal.throwIfAborted();
    const lines = Array.from({ length: AT_ONCE }, (_, n) => ((asked + n) * STEP) % log.lines);
    await pool.query(
      `SELECT who.verdict FROM unnest($1::inet[], $2::timestamptz[]) AS lines (ip, at), podips_who(ip, at) AS who`,
      [lines.map((n) => addressOf(n, log)), lines.map((n) => timeOf(n, log))],
    );
    asked += AT_ONCE;
  }
  return {
    name: 'lookup: podips_who',
    value: (asked * 1_000) / (performance.now() - startedMs),
    unit: '/s',
    meaning: `lines of the log, ${AT_ONCE} by a statement, over one connection`,
  };
}
