import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { DatabaseSettings, Running } from '@podips/shared';

/** Rows of booleans by column, an SQLSTATE to fail with, or nothing, ever. */
export type Answer =
  | ReadonlyArray<Readonly<Record<string, boolean>>>
  | { readonly error: string }
  | 'silence';

/** Speaks as much of PostgreSQL's protocol as asking for a lock needs, and says what no real server says on demand. */
export interface FakeDatabase extends Running {
  readonly settings: DatabaseSettings;
  /** Answers to statements in which the text stands, or to `connect`, one each; the last one again and again. */
  plan(text: string, ...answers: [Answer, ...Answer[]]): void;
  /** Statements so far, and `connect` for each connection. */
  readonly asked: readonly string[];
  /** Ends all connections. */
  cut(): void;
}

const BOOLEAN_OID = 16;

export async function startFakeDatabase(): Promise<FakeDatabase> {
  const plans = new Map<string, [Answer, ...Answer[]]>();
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const answer = (sql: string): Answer => {
    asked.push(sql);
    const [, planned] = [...plans].find(([text]) => sql.includes(text)) ?? [];
    if (planned === undefined) return [];
    const [next] = planned;
    if (planned.length > 1) planned.shift();
    return next;
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      if (answer('connect') === 'silence') return;
      socket.write(Buffer.concat([message('R', int32(0)), READY]));
      serve(socket, answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    settings: { host: '127.0.0.1', port, user: 'podips', password: '', database: 'queue' },
    plan: (text, ...answers) => plans.set(text, answers),
    asked,
    cut,
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each statement when the client asks for the end of it: a simple query, or the Sync after a Parse. */
function serve(socket: Socket, answer: (sql: string) => Answer): void {
  let received = Buffer.alloc(0);
  let sql = '';
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes]);
    while (received.length >= 5 && received.length > received.readInt32BE(1)) {
      const type = String.fromCharCode(received[0] ?? 0);
      const end = received.readInt32BE(1) + 1;
      const words = received.subarray(5, end).toString().split('\0');
      received = received.subarray(end);
      if (type === 'P') sql = words[1] ?? '';
      if (type === 'Q') sql = words[0] ?? '';
      if (type === 'Q' || type === 'S') socket.write(inProtocol(answer(sql)));
      if (type === 'X') socket.end();
    }
  });
}

function inProtocol(answer: Answer): Buffer {
  if (answer === 'silence') return Buffer.alloc(0);
  if ('error' in answer)
    return Buffer.concat([
      message('E', text('SERROR'), text(`C${answer.error}`), text('Mno'), text('')),
      READY,
    ]);
  const names = Object.keys(answer[0] ?? {});
  const fields = names.map((name) =>
    Buffer.concat([text(name), int32(0), int16(0), int32(BOOLEAN_OID), int16(1), int32(-1), int16(0)]),
  );
  const rows = answer.map((row) => {
    const values = names.map((name) => Buffer.concat([int32(1), Buffer.from(row[name] ? 't' : 'f')]));
    return message('D', int16(names.length), ...values);
  });
  const description = names.length > 0 ? message('T', int16(names.length), ...fields) : message('n');
  return Buffer.concat([description, ...rows, message('C', text(`SELECT ${rows.length}`)), READY]);
}

function message(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const READY = message('Z', Buffer.from('I'));
