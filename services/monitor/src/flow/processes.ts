/** A process by its last report; times are in milliseconds of a monotonic clock. */
export interface Progress<T> {
  readonly report: T;
  readonly atMs: number;
  /** When its count last grew; its first report counts, as it is not known when it did before. */
  readonly grewAtMs: number;
  /** Whether its count has grown since its first report. */
  readonly hasGrown: boolean;
  /** What its count grew by, a second; null: it has reported only once. */
  readonly perSecond: number | null;
}

/** Reports come every two seconds: several may be lost. */
const SILENT_MS = 15_000;
/** Processes whose last reports are kept. */
const MAX_PROCESSES = 20;

/** The processes of a service, in the order of their last reports. */
export class Processes<T extends { readonly run: string }> {
  readonly #countOf: (report: T) => number;
  readonly #all = new Map<string, Progress<T>>();

  /** @param countOf what they have done since their start */
  constructor(countOf: (report: T) => number) {
    this.#countOf = countOf;
  }

  get all(): readonly Progress<T>[] {
    return [...this.#all.values()];
  }

  get newest(): Progress<T> | undefined {
    return this.all.at(-1);
  }

  /** @returns what its count has grown by since its last report; 0 for the first */
  receive(report: T, nowMs: number): number {
    const before = this.#all.get(report.run);
    const grown = before ? Math.max(0, this.#countOf(report) - this.#countOf(before.report)) : 0;
    const passedMs = before ? nowMs - before.atMs : 0;
    this.#all.delete(report.run);
    this.#all.set(report.run, {
      report,
      atMs: nowMs,
      grewAtMs: before && grown === 0 ? before.grewAtMs : nowMs,
      hasGrown: grown > 0 || before?.hasGrown === true,
      perSecond: passedMs > 0 ? (grown * 1_000) / passedMs : null,
    });
    const [oldest] = this.#all.keys();
    if (this.#all.size > MAX_PROCESSES && oldest !== undefined) this.#all.delete(oldest);
    return grown;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#all.clear();
  }

  /** Those that still report. */
  fresh(nowMs: number): readonly Progress<T>[] {
    return this.all.filter(({ atMs }) => nowMs - atMs <= SILENT_MS);
  }

  /** What all of them do a second; null: none reports, or only once. */
  perSecond(nowMs: number): number | null {
    const rates = this.fresh(nowMs).flatMap(({ perSecond }) => perSecond ?? []);
    return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
  }

  /** For how long none has reported; null while one does, or none ever has. */
  silentMs(nowMs: number): number | null {
    const { newest } = this;
    return newest === undefined || nowMs - newest.atMs <= SILENT_MS ? null : Math.round(nowMs - newest.atMs);
  }
}
