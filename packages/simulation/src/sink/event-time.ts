import { ExtensionCodec } from '@msgpack/msgpack';

/** A moment with nanoseconds, as the forward protocol sends it (Forward Protocol v1, "EventTime Ext Format"). */
export class EventTime {
  readonly seconds: number;
  readonly nanoseconds: number;

  constructor(seconds: number, nanoseconds: number) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }
}

const EVENT_TIME_TYPE = 0;
const EVENT_TIME_BYTES = 8;

/** msgpack extensions of the forward protocol: EventTime is type 0, seconds and nanoseconds as big-endian uint32. */
export function forwardExtensions(): ExtensionCodec {
  const codec = new ExtensionCodec();
  codec.register({
    type: EVENT_TIME_TYPE,
    encode: () => null,
    decode: (data) => {
      if (data.byteLength !== EVENT_TIME_BYTES) throw new RangeError('an EventTime has 8 bytes');
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      return new EventTime(view.getUint32(0), view.getUint32(4));
    },
  });
  return codec;
}

/** Milliseconds since 1970 of an EventTime or of seconds; undefined for anything else. */
export function toEpochMs(time: unknown): number | undefined {
  if (time instanceof EventTime) return time.seconds * 1_000 + Math.floor(time.nanoseconds / 1_000_000);
  if (typeof time !== 'number' || !Number.isFinite(time)) return undefined;
  return Math.floor(time * 1_000);
}
