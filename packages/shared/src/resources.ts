/** Releases what was acquired in reverse, and knows what is being released, for a stop that does not end. */
export class Resources extends AsyncDisposableStack {
  #releasing: string | undefined;

  /** What is being released now; undefined: nothing. Also after {@link move}. */
  get releasing(): string | undefined {
    return this.#releasing;
  }

  /** As `defer`. @param what stands in the log when the release fails or takes too long */
  release(what: string, release: () => unknown): void {
    this.defer(async () => {
      this.#releasing = what;
      try {
        await release();
      } catch (err) {
        throw new Error(`${what} failed to stop`, { cause: err });
      } finally {
        this.#releasing = undefined;
      }
    });
  }
}

/** All errors of a stop, in the order in which they happened. */
export function errorsOf(thrown: unknown): unknown[] {
  return thrown instanceof SuppressedError
    ? [...errorsOf(thrown.suppressed), ...errorsOf(thrown.error)]
    : [thrown];
}
