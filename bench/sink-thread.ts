import { parentPort } from 'node:worker_threads';
import { startSink } from '@podips/simulation';
import type { RateRequest, SinkNews } from './sink-worker.js';

if (parentPort === null) throw new Error('this is a thread of the benchmark, not a program');
const parent = parentPort;
const report = (news: SinkNews) => parent.postMessage(news);

let request: RateRequest = { skip: 0, count: 0 };
let records = 0;
let startedMs = 0;

const sink = await startSink({
  onRecord() {
    records += 1;
    if (records === request.skip) startedMs = performance.now();
    if (records !== request.skip + request.count) return;
    report({ ratePerSecond: (request.count * 1_000) / (performance.now() - startedMs) });
  },
});
parent.on('message', (next: RateRequest) => {
  request = next;
  records = 0;
});
report({ port: sink.port });
