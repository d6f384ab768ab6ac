import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { AddressOrder } from '@podips/shared';
import { encodeObject } from '@podips/simulation';
import { afterEach, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeRequest } from './kube-client.js';

const cleanups: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(answer: RequestListener, host = '127.0.0.1', listenPort = 0) {
  const seen: IncomingMessage[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(listenPort, host);
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host}:${port}`, port, seen, connections: () => connections };
}

function configFor(server: string, user: object = {}): KubeConfig {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server, skipTLSVerify: server.startsWith('http:') },
    { name: 'u', ...user },
  );
  return config;
}

function clientFor(
  server: string,
  user: object = {},
  config = configFor(server, user),
  addresses = new AddressOrder(),
) {
  const client = createKubeClient(config, { addresses });
  cleanups.push(() => client.close());
  return client;
}

const request = (overrides: Partial<KubeRequest> = {}): KubeRequest => ({
  path: '/api/v1/pods',
  query: { limit: '500', continue: 'a/b=' },
  headersDeadlineMs: 5_000,
  bodyIdleMs: 5_000,
  signal: AbortSignal.timeout(10_000),
  ...overrides,
});

/** An order for which every name has these addresses. */
function orderOf(...addresses: string[]): AddressOrder {
  const found = addresses.map((address) => ({ address, family: 4 }));
  const resolve = (_host: string, _options: object, done: (err: null, all: typeof found) => void) =>
    done(null, found);
  // The order asks for all addresses alone; the system's resolver has more forms than that.
  return new AddressOrder(resolve as ConstructorParameters<typeof AddressOrder>[0]);
}

describe('a server with several addresses', () => {
  it('is reached at the second one when the first takes connections and stays mute', async () => {
    const good = await serve((_, response) => response.end('{"kind":"PodList"}'), '127.0.0.3');
    const mute = await serve(() => undefined, '127.0.0.2', good.port);
    const config = configFor(`http://kubernetes.example:${good.port}`);
    const client = clientFor('', {}, config, orderOf('127.0.0.2', '127.0.0.3'));
    const soon = request({ headersDeadlineMs: 1_000 });
    const both = await Promise.allSettled([client.get(soon), client.get(soon)]);
    expect(both).toMatchObject([{ reason: { code: 'KUBE_TIMEOUT' } }, { reason: { code: 'KUBE_TIMEOUT' } }]);
    const { body } = await client.get(request());
    expect(await body.json()).toEqual({ kind: 'PodList' });
    expect([mute.seen.length, good.seen.length]).toEqual([2, 1]);
  });
});

describe('a request', () => {
  it('goes below the path of the cluster, with its token and its query', async () => {
    const { url, seen } = await serve((_, response) => response.end('{"kind":"PodList"}'));
    const { body } = await clientFor(`${url}/k8s/clusters/c-1/`, { token: 'secret\n' }).get(request());
    expect(await body.json()).toEqual({ kind: 'PodList' });
    expect(seen[0]?.url).toBe('/k8s/clusters/c-1/api/v1/pods?limit=500&continue=a%2Fb%3D');
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      accept: 'application/json',
      'user-agent': 'podips-reader',
    });
  });

  it('logs in with a name and a password where the kubeconfig has them', async () => {
    const { url, seen } = await serve((_, response) => response.end('{}'));
    await (await clientFor(url, { username: 'me', password: 'pass' }).get(request())).body.dump();
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:pass').toString('base64')}`);
  });

  it('sends an object as JSON', async () => {
    const bodies: string[] = [];
    const { url, seen } = await serve(async (incoming, response) => {
      bodies.push(await text(incoming));
      response.writeHead(201).end('{}');
    });
    const write = { ...request({ query: {} }), method: 'PUT', object: { spec: {} } } as const;
    await (await clientFor(url, { token: 'secret' }).send(write)).body.dump();
    expect(bodies).toEqual(['{"spec":{}}']);
    expect(seen[0]?.method).toBe('PUT');
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'content-type': 'application/json',
    });
  });

  it('goes over a connection that an earlier one has opened', async () => {
    const { url, seen, connections } = await serve((_, response) => response.end('{}'));
    const client = clientFor(url);
    for (let count = 0; count < 20; count += 1) await (await client.get(request())).body.json();
    expect(seen).toHaveLength(20);
    // The next request may come a moment before the connection is known to be free.
    expect(connections()).toBeLessThan(5);
  });

  it('is sent again at once with the token that the file has by now when the old one is refused', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'podips-token-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, 'one');
    let valid = 'one';
    const { url, seen } = await serve(({ headers }, response) =>
      response.writeHead(headers.authorization === `Bearer ${valid}` ? 200 : 401).end('{}'),
    );
    const client = clientFor(url, { authProvider: { name: 'tokenFile', config: { tokenFile } } });
    await (await client.get(request())).body.dump();
    valid = 'two';
    // Nothing else to show yet: the refusal stands.
    await expect(client.get(request())).rejects.toMatchObject({ status: 401 });
    await writeFile(tokenFile, 'two');
    await (await client.get(request())).body.dump();
    expect(seen.map(({ headers }) => headers.authorization?.slice('Bearer '.length))).toEqual([
      'one',
      'one',
      'one',
      'two',
    ]);
  });

  it('is not possible without a cluster', () => {
    expect(() => createKubeClient(new KubeConfig())).toThrow(/no current cluster/);
  });
});

describe('a refusal', () => {
  const refusal = async (status: number, body: string | Buffer, headers: Record<string, string> = {}) => {
    const { url } = await serve((_, response) => response.writeHead(status, headers).end(body));
    const failed = clientFor(url).get(request());
    return failed.then(
      () => expect.unreachable('the request succeeded'),
      (err) => err,
    );
  };

  it('says what the Status object says', async () => {
    const status = JSON.stringify({ kind: 'Status', message: 'pods is forbidden', code: 403 });
    expect(await refusal(403, status)).toMatchObject({
      code: 'KUBE_REFUSED',
      status: 403,
      retryable: true,
      message: 'the API server answered 403: pods is forbidden',
    });
  });

  it('says the same of a Status object in protobuf', async () => {
    const status = encodeObject({
      kind: 'Status',
      apiVersion: 'v1',
      message: 'pods is forbidden',
      code: 403,
    });
    const type = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    expect((await refusal(403, status, type)).message).toBe('the API server answered 403: pods is forbidden');
    expect((await refusal(502, 'upstream is down', type)).message).toContain('502: upstream is down');
  });

  it.each([
    ['text', 'upstream is down\n', 'upstream is down'],
    ['HTML', '<html><body>502</body></html>', '<html><body>502</body></html>'],
    ['nothing', '', 'no reason given'],
    ['JSON of another kind', '["no"]', '["no"]'],
  ])('says what it can when the body is %s', async (_, body, text) => {
    expect(await refusal(502, body)).toMatchObject({
      status: 502,
      message: `the API server answered 502: ${text}`,
    });
  });

  it('reads no more of an endless body than it needs', async () => {
    const err = await refusal(500, 'x'.repeat(10_000_000));
    expect(err.message.length).toBeLessThan(300);
  });

  it('carries the time after which to ask again, when it is a number', async () => {
    expect(await refusal(429, '', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 });
    expect((await refusal(503, '', { 'retry-after': 'soon' })).retryAfterMs).toBeUndefined();
    expect((await refusal(503, '')).retryAfterMs).toBeUndefined();
  });

  it('is an expiry when it is 410', async () => {
    expect(await refusal(410, '')).toMatchObject({ expired: true });
    expect(await refusal(504, '')).toMatchObject({ expired: false });
  });
});

describe('no answer', () => {
  const silent = () => serve(() => undefined);

  it('is a timeout when the headers take too long', async () => {
    const { url } = await silent();
    const late = clientFor(url).get(request({ headersDeadlineMs: 100 }));
    await expect(late).rejects.toMatchObject({ code: 'KUBE_TIMEOUT', status: 504 });
  });

  it('is a timeout when a deadline of the caller has passed', async () => {
    const { url } = await silent();
    const late = clientFor(url).get(request({ signal: AbortSignal.timeout(100) }));
    await expect(late).rejects.toMatchObject({ code: 'KUBE_TIMEOUT', status: 504 });
  });

  it('is a timeout, and no refusal, when the plugin that hands out credentials hangs', async () => {
    const { url, seen } = await silent();
    const config = configFor(url);
    config.applyToHTTPSOptions = () => new Promise(() => undefined);
    const late = clientFor(url, {}, config).get(request({ headersDeadlineMs: 100 }));
    await expect(late).rejects.toMatchObject({ code: 'KUBE_CREDENTIALS', status: 504 });
    expect(seen).toEqual([]);
  });

  it('is a server out of reach when nothing listens there', async () => {
    const refused = clientFor('http://127.0.0.1:1').get(request());
    await expect(refused).rejects.toMatchObject({
      code: 'KUBE_UNREACHABLE',
      status: 503,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('is a server out of reach when it hangs up', async () => {
    const { url } = await serve((_, response) => response.destroy());
    await expect(clientFor(url).get(request())).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
  });
});
