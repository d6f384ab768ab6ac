import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Broker, startBroker } from './broker.js';
import { RawClient } from './raw-client.test.helpers.js';

const QUEUE = '/queue/test';
const DEAD_LETTERS = 'DLQ';
const USER = { name: 'podips', password: 'secret', may: { sendTo: ['test'], receiveFrom: ['test'] } };

let broker: Broker;
let clients: RawClient[];
beforeEach(async () => {
  clients = [];
  broker = await startBroker({ like: 'artemis', users: [USER] });
});
afterEach(async () => {
  for (const client of clients) client.close();
  await broker.stop();
});

function connect(headers = ''): RawClient {
  const client = new RawClient(broker.port);
  clients.push(client);
  client.connect(`accept-version:1.2\nlogin:podips\npasscode:secret\n${headers}`);
  return client;
}
/** Waits until the broker has answered a frame, with RECEIPT or ERROR. */
async function answered(client: RawClient, receipt: string): Promise<string> {
  const find = () => client.frames.find(({ headers }) => headers.get('receipt-id') === receipt)?.command;
  return vi.waitFor(() => {
    const command = find();
    if (command === undefined) throw new Error(`no answer to ${receipt}`);
    return command;
  });
}
const anycast = 'destination-type:ANYCAST\n';
function send(client: RawClient, body: string, headers = anycast, receipt = body): Promise<string> {
  client.write(`SEND\ndestination:${QUEUE}\nreceipt:${receipt}\n${headers}\n${body}^@`);
  return answered(client, receipt);
}
function subscribe(client: RawClient, headers = 'subscription-type:ANYCAST\n'): Promise<string> {
  client.write(
    `SUBSCRIBE\nid:1\ndestination:${QUEUE}\nack:client-individual\nreceipt:subscribed\n${headers}\n^@`,
  );
  return answered(client, 'subscribed');
}
const bodies = (client: RawClient) => client.framesOf('MESSAGE').map(({ body }) => body.toString());
const nthAck = (client: RawClient, index: number) =>
  client.framesOf('MESSAGE')[index]?.headers.get('ack') ?? 'none';

describe('a broker like Artemis', () => {
  it('names itself, and answers with the heart-beats that it will keep', async () => {
    const client = connect('heart-beat:100,100\n');
    await vi.waitFor(() => expect(client.commands).toEqual(['CONNECTED']));
    const { headers } = client.frames[0] ?? {};
    expect(headers?.get('server')).toMatch(/^ActiveMQ-Artemis\//);
    expect(headers?.get('heart-beat')).toBe('500,500');
  });

  it('ends the connection of a client that has been silent for twice its interval', async () => {
    const client = connect('heart-beat:500,0\n');
    await vi.waitFor(() => expect(client.closed).toBe(true));
  });

  it('confirms and drops what is sent without a type while nobody subscribes', async () => {
    const client = connect();
    expect(await send(client, 'lost', '')).toBe('RECEIPT');
    expect(await send(client, 'kept')).toBe('RECEIPT');
    await subscribe(client);
    await vi.waitFor(() => expect(bodies(client)).toEqual(['kept']));
  });

  it('keeps nothing for a subscriber without a type that has left', async () => {
    const [reader, sender] = [connect(), connect()];
    await subscribe(reader, '');
    await send(sender, 'seen', '');
    await vi.waitFor(() => expect(bodies(reader)).toEqual(['seen']));
    reader.close();
    await vi.waitFor(() => expect(broker.consumers(QUEUE)).toBe(0));
    await send(sender, 'lost', '');
    await subscribe(sender);
    await send(sender, 'end');
    await vi.waitFor(() => expect(bodies(sender)).toEqual(['end']));
  });

  it('acknowledges at once, whatever becomes of the transaction', async () => {
    const client = connect();
    await send(client, 'one');
    await subscribe(client);
    await vi.waitFor(() => expect(bodies(client)).toEqual(['one']));
    client.write('BEGIN\ntransaction:t\n\n^@');
    client.write(`ACK\nid:${nthAck(client, 0)}\ntransaction:t\n\n^@`);
    client.write('ABORT\ntransaction:t\nreceipt:aborted\n\n^@');
    await answered(client, 'aborted');
    expect(broker.depth(QUEUE)).toBe(0);
  });

  it('discards what is refused with NACK', async () => {
    const client = connect();
    await send(client, 'one');
    await subscribe(client);
    await vi.waitFor(() => expect(bodies(client)).toEqual(['one']));
    client.write(`NACK\nid:${nthAck(client, 0)}\nreceipt:nacked\n\n^@`);
    await answered(client, 'nacked');
    expect([broker.depth(QUEUE), broker.depth(DEAD_LETTERS)]).toEqual([0, 0]);
  });

  it.each([
    ['consumer-window-size:2500\nactivemq.prefetchSize:1\n', 3],
    ['activemq.prefetchSize:100\n', 1],
    ['consumer-window-size:0\n', 1],
    ['consumer-window-size:-1\n', 20],
    ['', 10],
  ])('counts the window in bytes: %j gives %i messages of a kilobyte', async (headers, count) => {
    const client = connect();
    for (let n = 0; n < 20; n += 1) await send(client, 'x'.repeat(900), anycast, String(n));
    await subscribe(client, `subscription-type:ANYCAST\n${headers}`);
    await vi.waitFor(() => expect(bodies(client)).toHaveLength(count));
    client.write(`ACK\nid:${nthAck(client, 0)}\nreceipt:acked\n\n^@`);
    await answered(client, 'acked');
    await vi.waitFor(() => expect(bodies(client)).toHaveLength(Math.min(count + 1, 20)));
  });

  it('answers what it refuses with ERROR, reads on, and commits the rest of a transaction', async () => {
    const client = connect();
    client.write('BEGIN\ntransaction:t\n\n^@');
    client.write(`SEND\ndestination:${QUEUE}.invalid\ntransaction:t\nreceipt:bad\n${anycast}\nbad^@`);
    client.write(`SEND\ndestination:${QUEUE}\ntransaction:t\n${anycast}\ngood^@`);
    client.write('COMMIT\ntransaction:t\nreceipt:committed\n\n^@');
    expect(await answered(client, 'bad')).toBe('ERROR');
    expect(await answered(client, 'committed')).toBe('RECEIPT');
    expect(client.framesOf('ERROR')[0]?.headers.get('message')).toMatch(/does not have permission/);
    expect(broker.depth(QUEUE)).toBe(1);
  });

  it('dead-letters the first message of a consumer that was lost for the tenth time, and no other', async () => {
    const sender = connect();
    for (const body of ['first', 'second']) await send(sender, body);
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      const client = connect();
      await subscribe(client);
      await vi.waitFor(() => expect(bodies(client)).toEqual(['first', 'second']));
      const { headers } = client.framesOf('MESSAGE')[0] ?? {};
      expect(headers?.get('redelivered')).toBe(String(attempt > 1));
      client.close();
      await vi.waitFor(() => expect(broker.consumers(QUEUE)).toBe(0));
    }
    expect([broker.depth(QUEUE), broker.depth(DEAD_LETTERS)]).toEqual([1, 1]);
  });
});
