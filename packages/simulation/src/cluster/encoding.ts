import type { PodEvent, WriteType } from './pod-event.js';
import {
  type ApiObject,
  encodeEvent,
  encodeMessage,
  encodeObject,
  encodePod,
  encodePodList,
  frame,
} from './protobuf.js';

/** How the server writes its answers. */
export interface Encoding {
  readonly objectType: string;
  readonly watchType: string;
  object(object: ApiObject): Buffer;
  /** @param extra items beside the pods */
  list(metadata: object, pods: readonly PodEvent[], extra: readonly unknown[]): Buffer;
  /** The event of a write; `as` another type for what was there before the watch. */
  event(event: PodEvent, as?: WriteType): Buffer;
  /** An event of any type with any object. */
  anyEvent(type: string, object: unknown): Buffer;
  /** Any text in the place of an event. */
  text(text: string): Buffer;
}

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

export const JSON_ENCODING: Encoding = {
  objectType: JSON_TYPE,
  watchType: JSON_TYPE,
  object: (object) => Buffer.from(`${JSON.stringify(object)}\n`),
  list(metadata, pods, extra) {
    const items = [...pods.map(({ item }) => item), ...extra.map((item) => JSON.stringify(item))];
    return Buffer.from(
      `{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}\n`,
    );
  },
  event: (event, as = event.type) => event.encoded(`json ${as}`, () => lineOf(as, event)),
  anyEvent: (type, object) => Buffer.from(`${JSON.stringify({ type, object })}\n`),
  text: (text) => Buffer.from(`${text}\n`),
};

function lineOf(type: WriteType, { item }: PodEvent): Buffer {
  return Buffer.from(`{"type":"${type}","object":{"kind":"Pod","apiVersion":"v1",${item.slice(1)}}\n`);
}

export const PROTOBUF: Encoding = {
  objectType: PROTOBUF_TYPE,
  watchType: `${PROTOBUF_TYPE};stream=watch`,
  object: encodeObject,
  list: (metadata, pods, extra) =>
    encodePodList(metadata, [...pods.map(messageOf), ...extra.map((item) => encodeMessage('Pod', item))]),
  event: (event, as = event.type) =>
    event.encoded(`protobuf ${as}`, () => encodeEvent(as, encodePod(messageOf(event)))),
  anyEvent: (type, object) => encodeEvent(type, encodeAny(object)),
  text: (text) => frame(Buffer.from(text)),
};

function messageOf(event: PodEvent): Buffer {
  return event.encoded('protobuf', () => encodeMessage('Pod', event.pod));
}

/** Of a Status, or of what a test sends as a pod. */
function encodeAny(object: unknown): Buffer {
  const fields = typeof object === 'object' && object !== null ? object : {};
  return encodeObject({ kind: 'Pod', apiVersion: 'v1', ...fields });
}

/** The encoding for a request, as its `Accept` says: the first that the server has; JSON when it names none of them. */
export function negotiate(accept: string | undefined, hasProtobuf: boolean): Encoding {
  for (const clause of (accept ?? '').split(',')) {
    const type = clause.split(';')[0]?.trim();
    if (type === JSON_TYPE) return JSON_ENCODING;
    if (type === PROTOBUF_TYPE && hasProtobuf) return PROTOBUF;
  }
  return JSON_ENCODING;
}
