import { type Static, Type } from '../schema/type.js';
import { FlowSlot } from './series.js';

const Time = Type.String({ format: 'date-time' });
const Count = Type.Number({ minimum: 0 });
const CountOrNull = Type.Union([Count, Type.Null()]);

/** How messages get on from the reader to Fluentd. */
export const FlowView = Type.Object({
  /** `late`: the oldest message has waited on the queue for more than a minute, or no writer receives it. */
  state: Type.Enum(['in time', 'late', 'not known']),
  /**
   * Messages that wait: in the reader's memory, in its outbox (null without a database; both are null while no reader
   * reports), and at least so many on the queue (null until a writer has reported a message of that reader).
   */
  buffered: CountOrNull,
  outbox: CountOrNull,
  queued: CountOrNull,
  /** For how long the oldest message has been on the queue, as far as the monitor has seen it; null: none is, or it is not known. */
  oldestMs: CountOrNull,
  /** Since when messages are late without a break, as far as the monitor has seen it; null: they are not, or it is not known. */
  lateSince: Type.Union([Time, Type.Null()]),
  /** Leases in the reader's memory that the ledger does not have yet; null without a database, and while no reader reports. */
  unrecorded: CountOrNull,
  /** Messages a second, published and delivered; null until two reports have come. */
  publishedPerSecond: CountOrNull,
  writtenPerSecond: CountOrNull,
  /** The longest delay in the writer's last report; null: nothing was delivered. */
  lagMs: CountOrNull,
  /** Since when no writer, or no reader, has reported; null while one does, or none ever has. */
  readerSilentMs: CountOrNull,
  writerSilentMs: CountOrNull,
  /** The last 24 hours, in parts of five minutes, oldest first; parts without reports are absent. */
  series: Type.Array(FlowSlot),
});
export type FlowView = Static<typeof FlowView>;
