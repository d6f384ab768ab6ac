import { setTimeout as delay } from 'node:timers/promises';

/** The values of a source, and `idle` once after each pause of that length. */
export async function* nextOrIdle<T>(source: AsyncGenerator<T>, idleMs: number): AsyncGenerator<T | 'idle'> {
  try {
    for (;;) {
      const pending = source.next();
      const timer = new AbortController();
      const idle = delay(idleMs, 'idle' as const, { signal: timer.signal }).catch(() => 'idle' as const);
      const first = await Promise.race([pending, idle]).finally(() => timer.abort());
      if (first === 'idle') yield 'idle';
      const { done, value } = await pending;
      if (done) return;
      yield value;
    }
  } finally {
    // Not awaited: a source that waits for input returns only when some comes, and who stops here wants none.
    source.return(undefined).catch(() => undefined);
  }
}
