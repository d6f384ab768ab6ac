import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AddressOrder, openSocket } from './address-order.js';

type Resolver = ConstructorParameters<typeof AddressOrder>[0];

const ADDRESSES = ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((address) => ({ address, family: 4 }));

/** An order whose names all have these addresses. */
const orderOf = (addresses: LookupAddress[] = ADDRESSES) =>
  new AddressOrder(((_name: string, _options: unknown, done: (err: null, found: LookupAddress[]) => void) =>
    done(null, addresses)) as Resolver);

const addressesOf = (order: AddressOrder) =>
  new Promise<string[]>((resolve, reject) => {
    order.lookup('peer.example', { all: true }, (err, found) => {
      if (err || typeof found === 'string') reject(err);
      else resolve(found.map(({ address }) => address));
    });
  });

async function listenOn(host: string, port = 0): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // clients go away as they like
    onTestFinished(() => void socket.destroy());
  });
  await opened(server.listen(port, host));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}
const opened = (server: Server) => once(server, 'listening');

describe('the order of addresses', () => {
  it("is the resolver's as long as none has failed", async () => {
    expect(await addressesOf(orderOf())).toEqual(['127.0.0.2', '127.0.0.3', '127.0.0.4']);
  });

  it('ends with those that failed, the longest ago first, however the resolver turns them round', async () => {
    const turned = [...ADDRESSES];
    const order = orderOf(turned);
    order.failed('127.0.0.2');
    expect(await addressesOf(order)).toEqual(['127.0.0.3', '127.0.0.4', '127.0.0.2']);
    order.failed('127.0.0.3');
    turned.reverse();
    expect(await addressesOf(order)).toEqual(['127.0.0.4', '127.0.0.2', '127.0.0.3']);
    order.failed('127.0.0.2');
    expect(await addressesOf(order)).toEqual(['127.0.0.4', '127.0.0.3', '127.0.0.2']);
  });

  it('gives its first address to those who ask for one', async () => {
    const order = orderOf();
    order.failed('127.0.0.2');
    const { promise, resolve } = Promise.withResolvers<unknown>();
    order.lookup('peer.example', {}, (...result) => resolve(result));
    expect(await promise).toEqual([null, '127.0.0.3', 4]);
  });

  it('passes on that a name cannot be resolved', async () => {
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND peer.example'), { code: 'ENOTFOUND' });
    const order = new AddressOrder(((_name: string, _options: unknown, done: (err: Error) => void) =>
      done(unknown)) as Resolver);
    await expect(addressesOf(order)).rejects.toBe(unknown);
  });
});

describe('a socket to a name with several addresses', () => {
  const reach = async (order: AddressOrder, port: number) => {
    const opening = openSocket({ host: 'peer.example', port, tls: undefined }, order);
    onTestFinished(() => void opening.socket.destroy());
    await once(opening.socket, opening.openedEvent);
    return opening;
  };

  it('reaches the next address after one that took the connection and was given up', async () => {
    const port = await listenOn('127.0.0.2');
    await listenOn('127.0.0.3', port);
    const order = orderOf();
    const mute = await reach(order, port);
    expect(mute.socket.remoteAddress).toBe('127.0.0.2');
    mute.socket.destroy();
    mute.giveUp();
    expect((await reach(order, port)).socket.remoteAddress).toBe('127.0.0.3');
  });

  it('stays with an address that was of use', async () => {
    const port = await listenOn('127.0.0.2');
    const order = orderOf();
    (await reach(order, port)).socket.destroy();
    expect((await reach(order, port)).socket.remoteAddress).toBe('127.0.0.2');
  });

  it('reaches the first address that takes the connection', async () => {
    const port = await listenOn('127.0.0.4');
    expect((await reach(orderOf(), port)).socket.remoteAddress).toBe('127.0.0.4');
  });
});
