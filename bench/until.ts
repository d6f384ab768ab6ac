import { pause } from '@podips/shared';

const INTERVAL_MS = 50;

export interface Patience {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Waits until the condition holds. @throws after the deadline, saying what did not happen, or when the signal aborts */
export async function until(
  what: string,
  { deadlineMs, signal }: Patience,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const startedMs = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedMs > deadlineMs) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await pause(INTERVAL_MS, signal);
    signal.throwIfAborted();
  }
}

/** The outcome of `work`. @throws after the deadline, or when the signal aborts; the work itself is not stopped */
export async function within<T>({ deadlineMs, signal }: Patience, work: Promise<T>): Promise<T> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onEnd = () => reject(ending.reason);
  ending.addEventListener('abort', onEnd, { once: true });
  if (ending.aborted) onEnd();
  try {
    return await Promise.race([work, ended]);
  } finally {
    ending.removeEventListener('abort', onEnd);
  }
}
