import { pause } from '@podips/shared';
import type { ChildProgram } from './child-program.js';
import type { LocalServices, ServiceName } from './services.js';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 10_000;
const STEADY_MS = 60_000;

/** The services, as far as this needs them: their ends, and a way to start one again. */
interface Restartable extends Pick<LocalServices, 'start'> {
  process(name: ServiceName): Pick<ChildProgram, 'exited'>;
}

/** Starts a service again whenever it ends, as Kubernetes would, later each time unless it ran well in between. */
export async function keepRunning(
  services: Restartable,
  name: ServiceName,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
    const sinceMs = performance.now();
    const how = await services.process(name).exited;
    if (signal.aborted) return;
    if (performance.now() - sinceMs > STEADY_MS) delayMs = FIRST_DELAY_MS;
    print(`${name} ended with ${typeof how === 'number' ? `exit code ${how}` : how}; starting it again`);
    if (!(await pause(delayMs, signal))) return;
    // One that ends at its start has said why, and the next turn sees that it has ended.
    await services.start(name).catch(() => undefined);
  }
}
