import { pause, toError } from '@podips/shared';
import { createRandom } from '../cluster/random.js';

/** A part of the outside world that can be stopped for a while. */
export interface Victim {
  readonly name: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface ChaosOptions {
  readonly seed: number;
  readonly victims: readonly Victim[];
  readonly downMs: number;
  readonly upMs: number;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Stops one part after the other, at random, and starts it again, until the signal aborts. */
export async function runChaos(options: ChaosOptions): Promise<void> {
  const { signal, print } = options;
  const random = createRandom(options.seed);
  while (await pause(options.upMs, signal)) {
    const victim = options.victims[Math.floor(random.next() * options.victims.length)];
    if (!victim) return;
    try {
      print(`chaos: ${victim.name} stops`);
      await victim.stop();
      if (!(await pause(options.downMs, signal))) return;
      await victim.start();
      print(`chaos: ${victim.name} is back`);
    } catch (err) {
      print(`chaos: ${victim.name}: ${toError(err).message}`);
    }
  }
}
