import { startChildProgram } from '@podips/simulation';
import { expect, it } from 'vitest';

const FIGURES = [
  'publish: reader',
  'publish: connection per message',
  'publish: connection per message, eight at once',
  'publish: best of bare stompit',
  'publish: reader / connection per message',
  'publish: reader / best of bare stompit',
  'write: writer',
  'write: as podips 1.1',
  'write: connection per message',
  'write: connection per message, eight at once',
  'write: best of a consumer that only acknowledges',
  'write: consumer with cumulative ACKs',
  'write: writer / as podips 1.1',
  'write: writer / connection per message',
  'write: writer / consumer that only acknowledges',
  'latency: p50',
  'latency: p99',
  'memory: reader, peak',
  'memory: writer, peak',
  'memory: monitor, peak',
  'memory: cronjob, peak',
  'idle: cronjob, memory',
  'idle: all, memory',
  'idle: all, CPU',
  'idle: monitor, wakeups',
  'idle: reader, ready',
  'ledger: who held an address, p50',
  'ledger: who held an address, p99',
  'ledger: who may have held an address, p50',
  'ledger: who may have held an address, p99',
  'ledger: leases of a pod by name, p50',
  'ledger: leases of a pod by name, p99',
  'ledger: leases of a pod by UID, p50',
  'ledger: leases of a pod by UID, p99',
  'ledger: load',
  'ledger: retention',
  'ledger: write during retention, p99',
  'ledger: size of leases',
  'ledger: size of leases_by_bounds',
  'ledger: size of leases_by_ends',
  'ledger: size of leases_by_ip',
  'lookup: podips annotate',
  'lookup: podips annotate, memory, peak',
  'lookup: lines of a day',
  'lookup: lines of all days',
  'lookup: memory of the monitor, peak',
  'lookup: memory of the client, peak',
  'lookup: single addresses',
  'lookup: single addresses, known, p99',
  'lookup: single addresses, new, p99',
  'lookup: podips_who',
  'lookup: heartbeats meanwhile, p99',
  'monitor: heartbeats',
  'monitor: heartbeats, p99',
  'monitor: page views',
  'monitor: page views, p99',
  'monitor: memory, peak',
  'takeover: killed, leads',
  'takeover: killed, first message',
  'takeover: frozen, leads',
  'takeover: frozen, first message',
  'takeover: vanished, leads',
  'takeover: vanished, first message',
  'questions: lines answered wrong',
  'questions: lines answered, of those that can be',
  'questions: wrong certain answers',
  'questions: not sure, at any time',
  'questions: not sure, around changes',
  'scale: 1,000 pods, first message',
  'scale: 1,000 pods, list, peak',
  'scale: 1,000 pods, relist',
  'scale: 1,000 pods, relist of others',
  'scale: 1,000 pods, relist of others, peak',
  'scale: 1,000 pods, restart',
  'scale: 1,000 pods, restart, longest pause',
  'scale: 1,000 pods, false failures',
  'churn: 100 a second, p99',
  'churn: 1,000 a second, p50',
  'churn: 1,000 a second, p99',
  'churn: 1,000 a second, max',
  'churn: 1,000 a second, backlog',
  'churn: 1,000 a second, CPU of the reader',
  'churn: burst 1 of 1,000, p99',
  'workloads: ranking, p50',
  'workloads: ranking, p99',
  'workloads: ranking, max',
  'workloads: heartbeats meanwhile, p50',
  'workloads: heartbeats meanwhile, p99',
  'workloads: heartbeats meanwhile, max',
  'workloads: page of a workload, p50',
  'workloads: page of a workload, p99',
  'workloads: page of a workload, max',
  'workloads: start',
  'workloads: start, CPU',
  'workloads: heartbeats at the start, p50',
  'workloads: heartbeats at the start, p99',
  'workloads: heartbeats at the start, max',
  'workloads: memory, peak',
  'workloads: migration',
];

/** All of it takes more than a minute on a machine that has nothing else to do. */
const BENCH_TIMEOUT_MS = 600_000;

it('prints every figure of the benchmark, with the machine, and ends', {
  timeout: BENCH_TIMEOUT_MS,
}, async () => {
  const lines: string[] = [];
  const bench = startChildProgram({
    name: 'bench',
    program: 'bench/dist/main.js',
    args: ['--quick'],
    env: {},
    onLine: (line) => lines.push(line),
  });
  try {
    expect(await bench.exited, bench.output()).toBe(0);
  } finally {
    await bench.stop();
  }
  // The program itself keeps the last lines only, and there are more figures.
  const output = lines.join('\n');
  for (const figure of FIGURES)
    expect(output).toMatch(new RegExp(`^${figure} +[\\d,.]+ +(/s|times|%|ms|MB)( |$)`, 'm'));
  // However quick: what is certain is right.
  expect(output).toMatch(/^questions: wrong certain answers +0 +times/m);
  expect(output).toMatch(/^questions: lines answered wrong +0 +times/m);
  expect(output).toMatch(/cores .* GiB, Node v\d+.*, ActiveMQ\/\d/);
});

it('explains a wrong flag and measures nothing', async () => {
  const bench = startChildProgram({
    name: 'bench',
    program: 'bench/dist/main.js',
    args: ['--only', 'nothing'],
    env: {},
  });
  expect(await bench.exited).toBe(1);
  expect(bench.output()).toContain('--only must be one of publish,');
  expect(bench.output()).toContain('but is "nothing"');
});
