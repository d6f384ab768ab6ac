import { type Static, Type } from '../schema/type.js';

export const SLOT_MS = 300_000;
export const SLOTS = 288;

const Count = Type.Number({ minimum: 0 });
/** A part of the last 24 hours. */
export const FlowSlot = Type.Object({
  /** When it begins, in milliseconds since the epoch. */
  atMs: Type.Number(),
  /** Messages that were published in it, and records that Fluentd acknowledged. */
  published: Count,
  written: Count,
  /** The longest delay of a record, in milliseconds; null: none was delivered. */
  lagMs: Type.Union([Count, Type.Null()]),
  /** The most messages that waited. */
  waiting: Count,
});
export type FlowSlot = Static<typeof FlowSlot>;

export type Sample = Partial<Omit<FlowSlot, 'atMs'>>;

/** The last 24 hours in parts of five minutes, oldest first; parts without any report are absent. */
export class FlowSeries {
  #slots: FlowSlot[];

  constructor(saved: readonly FlowSlot[] = []) {
    this.#slots = [...saved];
  }

  get slots(): readonly FlowSlot[] {
    return this.#slots;
  }

  /** Adds counts, and keeps the greatest of the rest. @returns whether a new part has begun */
  add({ published = 0, written = 0, lagMs = null, waiting = 0 }: Sample, nowMs: number): boolean {
    const atMs = Math.floor(nowMs / SLOT_MS) * SLOT_MS;
    const last = this.#slots.at(-1);
    const isNew = last?.atMs !== atMs;
    const slot = isNew ? { atMs, published: 0, written: 0, lagMs: null, waiting: 0 } : last;
    const merged = {
      atMs,
      published: slot.published + published,
      written: slot.written + written,
      lagMs: lagMs === null ? slot.lagMs : Math.max(lagMs, slot.lagMs ?? 0),
      waiting: Math.max(slot.waiting, waiting),
    };
    // After a clock was set back, what is later than now is no longer believed.
    const before = (isNew ? this.#slots : this.#slots.slice(0, -1)).filter((one) => one.atMs < atMs);
    this.#slots = [...before, merged].slice(-SLOTS);
    return isNew;
  }
}
