/**
 * Starts to measure a time that must not seem shorter than it is.
 * @returns says how many milliseconds have passed: by one clock or the other, because the one on the wall can be set back,
 *   and the other stands still while the machine sleeps
 */
export function startStopwatch(): () => number {
  const startedAt = Date.now();
  const startedMs = performance.now();
  return () => Math.max(Date.now() - startedAt, performance.now() - startedMs);
}
