import { OPERATIONS } from '@podips/shared';
import { expect, vi } from 'vitest';
import { check, type FullVerdict } from './check.js';
import type { Fault } from './fault.js';
import { PATIENCE } from './felt.js';
import type { Stage } from './stage.js';

/** Changes that happen before, during and after the fault. */
const CHANGES = 60;

/**
 * Lets a fault happen while messages are under way, and waits until it is felt and got over.
 * Then all that happened in the cluster must have arrived, and must stand in the ledger, and nothing else.
 */
export async function endure(stage: Stage, fault: Fault): Promise<void> {
  stage.churn.paused = false;
  await untilGreen(stage);
  await untilChanged(stage);
  const before = await verdictOf(stage);
  const failuresBefore = stage.failures.length;
  await fault.begin(stage);
  try {
    await untilFelt(stage, fault, failuresBefore);
    await untilChanged(stage);
  } finally {
    await fault.end(stage);
  }
  await untilGreen(stage);
  await untilChanged(stage);
  stage.churn.paused = true;
  await vi.waitFor(async () => {
    expect(await verdictOf(stage)).toMatchObject({ missing: [], ledger: [] });
  }, PATIENCE);
  const { gaps, ...verdict } = await verdictOf(stage);
  expect(verdict).toMatchObject({ missing: [], untrue: [], contradicting: [], overlapping: [], ledger: [] });
  if (fault.forgets) return;
  expect(gaps.slice(before.gaps.length)).toEqual([]);
  expect(verdict.inGaps).toBe(before.inGaps);
}

function verdictOf({ cluster, sink, database }: Stage): Promise<FullVerdict> {
  return check(cluster.truth, sink.records, database);
}

async function untilChanged({ cluster: { truth } }: Stage): Promise<void> {
  const goal = truth.changeCount + CHANGES;
  await vi.waitFor(() => expect(truth.changeCount).toBeGreaterThan(goal), PATIENCE);
}

async function untilGreen(stage: Stage): Promise<void> {
  const green = Object.fromEntries(OPERATIONS.map((operation) => [operation, 'green']));
  await vi.waitFor(async () => expect(await stage.lights()).toEqual(green), PATIENCE);
}

/** A red light may last for a moment only: its report is what counts. */
async function untilFelt(stage: Stage, fault: Fault, failuresBefore: number): Promise<void> {
  await vi.waitFor(async () => {
    const lights = await stage.lights();
    const failed = stage.failures.slice(failuresBefore);
    for (const [operation, light] of Object.entries(fault.lights)) {
      if (light === 'red') expect(failed).toContain(operation);
      else expect(lights).toMatchObject({ [operation]: light });
    }
  }, PATIENCE);
  await fault.felt?.(stage);
}
