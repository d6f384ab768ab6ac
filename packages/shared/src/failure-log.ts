import type { Logger } from './logger.js';

/** In one outage, further texts are only counted: some have a number that is always another one. */
const MAX_TEXTS = 3;

/** Logs a failure that repeats once for each reason, and how often it occurred when it works again. */
export class FailureLog {
  readonly #log: Logger;
  readonly #words: { readonly failed: string; readonly worked: string };
  readonly #texts = new Set<string>();
  #failures = 0;

  constructor(log: Logger, words: { readonly failed: string; readonly worked: string }) {
    this.#log = log;
    this.#words = words;
  }

  failed(err: Error, about: object = {}): void {
    this.#failures += 1;
    const isNews = !this.#texts.has(err.message) && this.#texts.size < MAX_TEXTS;
    if (isNews) this.#texts.add(err.message);
    this.#log[isNews ? 'warn' : 'debug']({ err, ...about }, this.#words.failed);
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#log.info({ failures: this.#failures }, this.#words.worked);
    this.#failures = 0;
    this.#texts.clear();
  }
}
