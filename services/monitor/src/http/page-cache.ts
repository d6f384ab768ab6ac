export interface PageCacheOptions {
  readonly render: () => string;
  /** Another object whenever the page has new content. */
  readonly state: () => object;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The greatest age of a page. */
const FRESH_MS = 1_000;

/** A page for many viewers: rendered again when its state is another object, and at least once a second. */
export function createPageCache({ render, state, now }: PageCacheOptions): () => Buffer {
  let page = Buffer.alloc(0);
  let shown: object | undefined;
  let renderedMs = 0;
  return () => {
    const nowMs = now();
    const current = state();
    // A clock that was set back makes no page fresh.
    if (shown !== current || Math.abs(nowMs - renderedMs) >= FRESH_MS) {
      page = Buffer.from(render());
      shown = current;
      renderedMs = nowMs;
    }
    return page;
  };
}
