import { afterAll, beforeEach, it, onTestFailed } from 'vitest';
import { endure } from './endure.js';
import type { Fault } from './fault.js';
import { type Stage, type StageOptions, startStage } from './stage.js';

const OPTIONS: StageOptions = { changesPerSecond: 40, pods: 60 };

/** One test for each fault, one after the other on the same stage; a test that fails does not pass its stage on. */
export function itEndures(faults: readonly Fault[], options: Partial<StageOptions> = {}): void {
  let stage: Stage | undefined;
  let failed = false;
  const close = async () => {
    await stage?.destroy();
    stage = undefined;
  };
  beforeEach(async () => {
    if (failed) await close();
    failed = false;
    stage ??= await startStage({ ...OPTIONS, ...options });
  });
  afterAll(close);
  it.each(faults.map((fault) => [fault.name, fault] as const))('endures: %s', async (_, fault) => {
    onTestFailed(() => {
      failed = true;
      console.error(stage?.output());
    });
    if (stage) await endure(stage, fault);
  });
}
