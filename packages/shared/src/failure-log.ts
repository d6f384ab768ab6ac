import type { Logger } from './logger.js';

/** In one outage, further texts that differ in a number alone are only counted: it may be another one each time. */
const MAX_ALIKE = 3;
/** The same for texts of any kind. */
const MAX_TEXTS = 30;

/** Logs a failure that repeats once for each reason, and how often it occurred when it works again. */
export class FailureLog {
  readonly #log: Logger;
  readonly #words: { readonly failed: string; readonly worked: string };
  /** All that were logged, by what they are without their numbers. */
  readonly #texts = new Map<string, Set<string>>();
  #failures = 0;

  constructor(log: Logger, words: { readonly failed: string; readonly worked: string }) {
    this.#log = log;
    this.#words = words;
  }

  failed(err: Error, about: object = {}): void {
    this.#failures += 1;
    this.#log[this.#isNews(err.message) ? 'warn' : 'debug']({ err, ...about }, this.#words.failed);
  }

  worked(): void {
    if (this.#failures === 0) return;
    this.#log.info({ failures: this.#failures }, this.#words.worked);
    this.#failures = 0;
    this.#texts.clear();
  }

  #isNews(text: string): boolean {
    const kind = text.replaceAll(/\d+/g, '0');
    const alike = this.#texts.get(kind) ?? new Set();
    if (alike.has(text) || alike.size === MAX_ALIKE || this.#texts.size === MAX_TEXTS) return false;
    this.#texts.set(kind, alike.add(text));
    return true;
  }
}
