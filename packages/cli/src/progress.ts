import type { Terminal } from './terminal.js';

const INTERVAL_MS = 200;
const BAR_CHARS = 24;
/** Where the terminal does not say, which is 0 or nothing. */
const DEFAULT_COLUMNS = 80;

export interface Progress {
  /** Removes the bar. */
  stop(): void;
}

export interface ProgressOptions {
  readonly stderr: Terminal['stderr'];
  readonly now: () => number;
  readonly lines: () => number;
  readonly readBytes: () => number;
  /** Undefined when it is not known. */
  readonly totalBytes: number | undefined;
}

/** Shows on a terminal how far it is; elsewhere nothing. */
export function startProgress(options: ProgressOptions): Progress {
  const { stderr, now } = options;
  if (!stderr.isTTY) return { stop: () => undefined };
  const startedMs = now();
  const timer = setInterval(() => {
    stderr.write(
      `\r\x1b[K${progressLine(options, now() - startedMs).slice(0, (stderr.columns || DEFAULT_COLUMNS) - 1)}`,
    );
  }, INTERVAL_MS);
  return {
    stop() {
      clearInterval(timer);
      stderr.write('\r\x1b[K');
    },
  };
}

/** `[#####·······]  42 %  1,234,567 lines  98,000/s` */
export function progressLine(
  { lines, readBytes, totalBytes }: Pick<ProgressOptions, 'lines' | 'readBytes' | 'totalBytes'>,
  elapsedMs: number,
): string {
  const count = lines();
  const speed = elapsedMs > 0 ? Math.round((count * 1_000) / elapsedMs) : 0;
  const text = `${count.toLocaleString('en')} lines  ${speed.toLocaleString('en')}/s`;
  if (totalBytes === undefined || totalBytes === 0) return text;
  const share = Math.min(1, readBytes() / totalBytes);
  const full = Math.round(share * BAR_CHARS);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CHARS - full)}] ${percent} %  ${text}`;
}
