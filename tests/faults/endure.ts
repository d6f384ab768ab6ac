import { OPERATIONS } from '@podips/shared';
import { expect, vi } from 'vitest';
import { TRUE_TIMES } from '../support/times.js';
import { check, type FullVerdict } from './check.js';
import type { Fault } from './fault.js';
import { PATIENCE } from './felt.js';
import type { Stage } from './stage.js';

/** Changes that happen at least. While the fault lasts, enough for whatever it hits to have some of them in flight. */
const CHANGES = { before: 20, during: 60, after: 20 } as const;
/** To compare everything takes a while itself: less often than a light is looked at. */
const SETTLING = { ...PATIENCE, interval: 300 };
const MEMORY_LIMIT_BYTES = 300_000_000;
/** Up to this long before a fault the reader may have known the whole truth for the last time. */
const KNOWN_WITHIN_MS = 30_000;
const GREEN = Object.fromEntries(OPERATIONS.map((operation) => [operation, 'green']));

/**
 * Lets a fault happen while messages are under way, and waits until it is felt and got over.
 * Then all that happened in the cluster must have arrived, and must stand in the ledger, and nothing else.
 */
export async function endure(stage: Stage, fault: Fault): Promise<void> {
  stage.churn.paused = false;
  await untilLit(stage, GREEN);
  await untilChanged(stage, CHANGES.before);
  const before = await verdictOf(stage);
  const failuresBefore = stage.failures.length;
  const felt = await fault.felt?.(stage);
  const begunAt = new Date();
  await fault.begin(stage);
  try {
    await untilFailed(stage, fault, failuresBefore);
    await felt?.();
    await untilChanged(stage, CHANGES.during);
    if (!fault.momentary) await untilLit(stage, fault.lights);
    if (fault.headline) await untilSaid(stage, fault.headline);
  } finally {
    await fault.end(stage);
  }
  await untilLit(stage, GREEN);
  await untilChanged(stage, CHANGES.after);
  stage.churn.paused = true;
  await vi.waitFor(async () => {
    expect(await verdictOf(stage)).toMatchObject({ missing: [], ledger: [] });
  }, SETTLING);
  const { gaps, ...verdict } = await verdictOf(stage);
  expect(verdict).toMatchObject({
    missing: [],
    untrue: [],
    contradicting: [],
    overlapping: [],
    ledger: [],
    times: TRUE_TIMES,
  });
  for (const [service, bytes] of await stage.peakBytes())
    expect(bytes, service).toBeLessThan(MEMORY_LIMIT_BYTES);
  expect(verdict.excusedOverlaps).toBe(before.excusedOverlaps);
  const newGaps = gaps.slice(before.gaps.length);
  if (fault.forgets) {
    const earliest = new Date(begunAt.getTime() - KNOWN_WITHIN_MS);
    for (const gap of newGaps) expect(gap.started_at?.getTime()).toBeGreaterThan(earliest.getTime());
  } else {
    expect(newGaps).toEqual([]);
    expect(verdict.excused).toBe(before.excused);
  }
}

function verdictOf({ cluster, sink, database }: Stage): Promise<FullVerdict> {
  return check(cluster, sink.records, database);
}

async function untilChanged({ cluster: { truth } }: Stage, times: number): Promise<void> {
  const goal = truth.changeCount + times;
  await vi.waitFor(() => expect(truth.changeCount).toBeGreaterThanOrEqual(goal), PATIENCE);
}

async function untilLit(stage: Stage, lights: Readonly<Record<string, string>>): Promise<void> {
  await vi.waitFor(async () => expect(await stage.lights()).toMatchObject(lights), PATIENCE);
}

/** The monitor names what is broken, and leads to a paragraph that is there. */
async function untilSaid({ services }: Stage, { what, help }: NonNullable<Fault['headline']>): Promise<void> {
  const get = (path: string) => fetch(`${services.monitorUrl}${path}`);
  await vi.waitFor(async () => {
    const status: unknown = await (await get('/api/v1/status')).json();
    expect(status).toMatchObject({ incident: { what, help: { path: `/help/${help}` } } });
  }, PATIENCE);
  const [name, anchor] = help.split('#');
  expect(await (await get(`/help/${name}`)).text()).toContain(`id="${anchor}"`);
}

/** A red light may last for a moment only: that a failure was reported cannot be missed. */
async function untilFailed(stage: Stage, fault: Fault, failuresBefore: number): Promise<void> {
  const red = Object.entries(fault.lights).filter(([, light]) => light === 'red');
  await vi.waitFor(() => {
    const failed = stage.failures.slice(failuresBefore);
    for (const [operation] of red) expect(failed).toContain(operation);
  }, PATIENCE);
}
