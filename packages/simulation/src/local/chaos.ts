import { pause, toError } from '@podips/shared';

/** A part of the outside world that can be stopped for a while. */
export interface Victim {
  readonly name: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface ChaosOptions {
  readonly victims: readonly Victim[];
  readonly downMs: number;
  readonly upMs: number;
  readonly print: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Stops one part after the other, in turn, and starts it again, until the signal aborts. None is down at the end. */
export async function runChaos(options: ChaosOptions): Promise<void> {
  const { victims, upMs, signal } = options;
  for (let turn = 0; await pause(upMs, signal); turn += 1) {
    const victim = victims[turn % victims.length];
    if (!victim) return;
    await takeDown(victim, options).catch((err: unknown) => {
      options.print(`chaos: ${victim.name}: ${toError(err).message}`);
    });
  }
}

async function takeDown(victim: Victim, { downMs, print, signal }: ChaosOptions): Promise<void> {
  print(`chaos: ${victim.name} stops`);
  await victim.stop();
  await pause(downMs, signal);
  await victim.start();
  print(`chaos: ${victim.name} is back`);
}
