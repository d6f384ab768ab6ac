import { pause, toError } from '@podips/shared';
import { createRandom } from '../cluster/random.js';

/** A part of the outside world that can be taken away for a while. */
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
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Takes away one part after the other, at random, and gives each back, until the signal aborts. */
export async function runChaos(options: ChaosOptions): Promise<void> {
  const { signal, tell } = options;
  const random = createRandom(options.seed);
  while (await pause(options.upMs, signal)) {
    const victim = options.victims[Math.floor(random.next() * options.victims.length)];
    if (!victim) return;
    try {
      tell(`chaos: ${victim.name} stops`);
      await victim.stop();
      if (!(await pause(options.downMs, signal))) return;
      await victim.start();
      tell(`chaos: ${victim.name} is back`);
    } catch (err) {
      tell(`chaos: ${victim.name}: ${toError(err).message}`);
    }
  }
}
