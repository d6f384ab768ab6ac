export type { BadAnswer } from './bad-answers.js';
export type { SinkRecord } from './forward-protocol.js';
export type { SinkSecurity } from './login.js';
export { type Sink, type SinkOptions, type SinkTls, startSink } from './sink.js';
export type { SinkFaults } from './sink-faults.js';
