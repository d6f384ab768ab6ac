export type { SinkRecord } from './forward-protocol.js';
export { type Sink, type SinkOptions, startSink } from './sink.js';
export type { SinkFaults } from './sink-faults.js';
