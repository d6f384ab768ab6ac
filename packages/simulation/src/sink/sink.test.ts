import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventTime, FluentClient, type FluentClientOptions, FluentSocketEvent } from '@fluent-org/logger';
import { encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Sink, startSink } from './sink.js';

let sink: Sink;
const clients: FluentClient[] = [];
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.disconnect();
  await sink.stop();
});

function client(options: Partial<FluentClientOptions> = {}): FluentClient {
  const created = new FluentClient('audit', {
    ack: { ackTimeout: 10_000 },
    milliseconds: true,
    ...options,
    socket: { port: sink.port, timeout: -1, reconnect: { delay: 10, maxDelay: 50 } },
  });
  // The effect of a fault on a connection is the test's subject; each test looks at its promises.
  created.socketOn(FluentSocketEvent.ERROR, () => undefined);
  clients.push(created);
  return created;
}

const emit = (from: FluentClient, eventId: string) => from.emit('pod_ip', { event_id: eventId });

describe('sink', () => {
  test.each(['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'] as const)(
    'stores and acknowledges what a client sends in %s mode',
    async (eventMode) => {
      const from = client({ eventMode });
      await Promise.all(Array.from({ length: 100 }, (_, n) => emit(from, `${n}`)));
      expect(sink.records.map(({ record }) => record.event_id)).toEqual(
        Array.from({ length: 100 }, (_, n) => `${n}`),
      );
      expect(sink.records[0]?.tag).toBe('audit.pod_ip');
      expect([sink.received, sink.distinct, sink.duplicates]).toEqual([100, 100, 0]);
    },
  );

  test('has written one line per record when it acknowledges', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sink-'));
    const file = join(dir, 'records.ndjson');
    await sink.stop();
    const received: unknown[] = [];
    sink = await startSink({ file, keep: 1, onRecord: ({ record }) => received.push(record.n) });
    const from = client();
    for (const n of [1, 2]) await from.emit('pod_ip', { n }, new EventTime(1_700_000_000, 250_000_000));
    const line = (n: number) =>
      `{"tag":"audit.pod_ip","time":"2023-11-14T22:13:20.250Z","record":{"n":${n}}}\n`;
    expect(readFileSync(file, 'utf8')).toBe(line(1) + line(2));
    expect(received).toEqual([1, 2]);
    expect(sink.records.map(({ record }) => record.n)).toEqual([2]);
    rmSync(dir, { recursive: true });
  });

  test('counts duplicates by event_id', async () => {
    const from = client();
    for (const id of ['a', 'b', 'a', 'a']) await emit(from, id);
    expect([sink.received, sink.distinct, sink.duplicates]).toEqual([4, 2, 2]);
  });

  test.each([
    ['a record that is no map', encode(['audit', 1, 'text'])],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('resets the connection on %s and continues with others', async (_what, bytes) => {
    const socket = connect(sink.port, '127.0.0.1');
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve));
    socket.write(bytes);
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
    await emit(client(), 'a');
    expect(sink.received).toBe(1);
  });
});

describe('sink faults', () => {
  test('never acknowledge: records arrive, the client waits in vain', async () => {
    sink.faults.neverAck(true);
    const from = client({ ack: { ackTimeout: 100 } });
    await expect(emit(from, 'a')).rejects.toThrow(/ack/i);
    await vi.waitFor(() => expect(sink.received).toBe(1));
  });

  test('acknowledge late: the record is stored before the client knows', async () => {
    sink.faults.ackDelayMs = 60_000;
    const outcomes: string[] = [];
    const emitted = emit(client({ ack: { ackTimeout: 120_000 } }), 'late');
    void emitted.then(
      () => outcomes.push('acknowledged'),
      () => outcomes.push('rejected at the end of the test'),
    );
    await vi.waitFor(() => expect(sink.received).toBe(1));
    sink.faults.ackDelayMs = 1;
    await emit(client(), 'soon');
    expect(outcomes).toEqual([]);
  });

  test.each([
    ['before-stored', 0],
    ['after-stored', 1],
  ] as const)('reset %s: %i records of the chunk are stored, once', async (when, stored) => {
    sink.faults.resetNextChunk(when);
    const socket = connect(sink.port, '127.0.0.1');
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve));
    socket.write(encode(['audit', 1, { event_id: 'a' }, { chunk: 'c' }]));
    expect(await failed).toMatchObject({ code: 'ECONNRESET' });
    expect(sink.received).toBe(stored);
    await emit(client(), 'a');
    expect([sink.received, sink.duplicates]).toEqual([stored + 1, stored]);
  });

  test('refuse connections, then take them on the same port', async () => {
    await sink.faults.refuse(true);
    const socket = connect(sink.port, '127.0.0.1');
    const refused = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    const emitted = emit(client(), 'a');
    await sink.faults.refuse(false);
    await emitted;
    expect(sink.received).toBe(1);
  });
});
