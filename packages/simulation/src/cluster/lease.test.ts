import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StatusBody } from './client.test.helpers.js';
import type { LeaseObject, LeaseSpec } from './lease-object.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  cluster = await startCluster({ seed: 1, ...options });
};
afterEach(() => cluster.stop());

interface Answer {
  readonly status: number;
  /** A Lease or a Status: tests assert on what they read. */
  readonly body: LeaseObject & StatusBody;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const url = `${cluster.url}/apis/coordination.k8s.io/v1/namespaces/${path}`;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const init = { method, headers: { 'content-type': 'application/json', ...headers } };
  const response = await fetch(url, text === undefined ? init : { ...init, body: text });
  return { status: response.status, body: (await response.json()) as LeaseObject & StatusBody };
}

const SPEC: LeaseSpec = {
  holderIdentity: 'reader-1',
  leaseDurationSeconds: 10,
  acquireTime: '2026-11-26T12:00:00.000000Z',
  renewTime: '2026-11-26T12:00:00.000000Z',
  leaseTransitions: 0,
};
const draft = (spec: object = SPEC, metadata: object = {}) => ({
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  metadata: { name: 'podips-reader', ...metadata },
  spec,
});
const create = (spec?: object) => ask('POST', 'podips/leases', draft(spec));
const read = () => ask('GET', 'podips/leases/podips-reader');
const update = (lease: unknown) => ask('PUT', 'podips/leases/podips-reader', lease);

describe('a Lease', () => {
  it('is not found before it is created, and then as it was created', async () => {
    await start();
    expect(await read()).toMatchObject({
      status: 404,
      body: { reason: 'NotFound', message: 'leases.coordination.k8s.io "podips-reader" not found' },
    });
    const created = await create();
    expect(created).toMatchObject({
      status: 201,
      body: { kind: 'Lease', metadata: { name: 'podips-reader', namespace: 'podips' }, spec: SPEC },
    });
    expect(await read()).toEqual({ status: 200, body: created.body });
  });

  it('cannot be created twice in a namespace, but in another one', async () => {
    await start();
    await create();
    expect(await create()).toMatchObject({
      status: 409,
      body: {
        reason: 'AlreadyExists',
        message: 'leases.coordination.k8s.io "podips-reader" already exists',
      },
    });
    expect((await ask('POST', 'other/leases', draft())).status).toBe(201);
  });

  it('is updated from its latest version only', async () => {
    await start();
    const first = (await create()).body;
    const second = await update({ ...first, spec: { ...SPEC, holderIdentity: 'reader-2' } });
    expect(second).toMatchObject({ status: 200, body: { spec: { holderIdentity: 'reader-2' } } });
    expect(await update(first)).toMatchObject({
      status: 409,
      body: { reason: 'Conflict', message: expect.stringContaining('the object has been modified') },
    });
    expect((await read()).body).toEqual(second.body);
  });

  it('is won by one of many updates of the same version', async () => {
    await start();
    const { body } = await create();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => update({ ...body, spec: { ...SPEC, holderIdentity: `r${n}` } })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  it('keeps labels, and its name, UID and time of creation over an update', async () => {
    await start();
    const { metadata } = (await create()).body;
    const labelled = { ...metadata, labels: { app: 'podips' }, creationTimestamp: '1999-01-01T00:00:00Z' };
    const { body } = await update(draft(SPEC, labelled));
    const { resourceVersion } = body.metadata;
    expect(body.metadata).toEqual({ ...metadata, labels: { app: 'podips' }, resourceVersion });
  });

  it('takes its resource versions from the sequence of the pods', async () => {
    await start();
    const before = cluster.pods.resourceVersion;
    const { metadata } = (await create()).body;
    expect(Number(metadata.resourceVersion)).toBe(before + 1);
    const pod = cluster.pods.create({ name: 'a' });
    expect(Number(pod.metadata.resourceVersion)).toBeGreaterThan(before + 1);
  });

  it('that was deleted is created by an update, unless that names its UID', async () => {
    await start();
    const { body } = await create();
    cluster.leases.delete('podips', 'podips-reader');
    expect(await update(body)).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    expect((await update(draft())).status).toBe(200);
  });
});

describe('a request for a Lease is refused', () => {
  it.each([
    [400, 'BadRequest', 'POST', 'podips/leases', 'no JSON'],
    [400, 'BadRequest', 'POST', 'podips/leases', draft({ renewTime: '2026-11-26T12:00:00Z' })],
    [400, 'BadRequest', 'POST', 'podips/leases', draft({ renewTime: '2026-11-26T12:00:00.000Z' })],
    [400, 'BadRequest', 'POST', 'podips/leases', draft({ acquireTime: '2026-13-26T12:00:00.000000Z' })],
    [400, 'BadRequest', 'POST', 'podips/leases', draft({ leaseDurationSeconds: 1.5 })],
    [400, 'BadRequest', 'POST', 'podips/leases', draft({ holderIdentity: 1 })],
    [400, 'BadRequest', 'POST', 'podips/leases', draft(SPEC, { namespace: 'other' })],
    [400, 'BadRequest', 'PUT', 'podips/leases/other', draft()],
    [422, 'Invalid', 'POST', 'podips/leases', draft({ leaseDurationSeconds: 0 })],
    [422, 'Invalid', 'POST', 'podips/leases', draft({ leaseTransitions: -1 })],
    [422, 'Invalid', 'POST', 'podips/leases', draft(SPEC, { name: '' })],
    [405, 'MethodNotAllowed', 'DELETE', 'podips/leases/podips-reader', undefined],
    [405, 'MethodNotAllowed', 'GET', 'podips/leases', undefined],
  ])('with %i %s: %s %s %j', async (status, reason, method, path, body) => {
    await start();
    expect(await ask(method, path, body)).toMatchObject({ status, body: { reason } });
  });

  it('when an update names no version', async () => {
    await start();
    await create();
    expect(await update(draft())).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
  });

  it('when its namespace does not exist', async () => {
    await start();
    await create();
    cluster.leases.deleteNamespace('podips');
    expect((await read()).status).toBe(404);
    expect(await create()).toMatchObject({ status: 404, body: { message: 'namespaces "podips" not found' } });
    cluster.leases.createNamespace('podips');
    expect((await create()).status).toBe(201);
  });

  it('without the right to it, while pods may still be read', async () => {
    await start();
    cluster.faults.forbidLeases();
    expect(await read()).toMatchObject({
      status: 403,
      body: {
        message:
          'leases.coordination.k8s.io "podips-reader" is forbidden: User "nobody" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "podips"',
      },
    });
    expect((await create()).status).toBe(403);
    expect((await fetch(`${cluster.url}/api/v1/pods`)).status).toBe(200);
    cluster.faults.clear();
    expect((await create()).status).toBe(201);
  });

  it('without a good token', async () => {
    await start({ token: 'first' });
    const status = async (headers: Record<string, string>) =>
      (await ask('GET', 'podips/leases/podips-reader', undefined, headers)).status;
    expect(await status({ authorization: 'Bearer first' })).toBe(404);
    expect(await status({ authorization: 'Bearer other' })).toBe(401);
    expect(await status({})).toBe(403);
  });
});

describe('faults of requests for Leases', () => {
  it('fail them alone, and those of pods do not', async () => {
    await start();
    cluster.faults.failNext({ status: 503, on: 'lease', retryAfterSeconds: 1 });
    cluster.faults.failNext({ status: 500 });
    expect((await read()).status).toBe(503);
    expect((await read()).status).toBe(404);
    expect((await fetch(`${cluster.url}/api/v1/pods`)).status).toBe(500);
  });

  it('let the answer to a write be lost', async () => {
    await start();
    cluster.faults.loseLeaseWrites();
    await expect(create()).rejects.toThrow();
    expect((await read()).status).toBe(200);
  });

  it('let answers wait', async () => {
    await start();
    await create();
    cluster.faults.delayLeases(60_000);
    const controller = new AbortController();
    const url = `${cluster.url}/apis/coordination.k8s.io/v1/namespaces/podips/leases/podips-reader`;
    const waiting = fetch(url, { signal: controller.signal });
    await vi.waitFor(() => expect(cluster.leaseRequests).toHaveLength(2));
    controller.abort();
    await expect(waiting).rejects.toThrow();
    cluster.faults.delayLeases(0);
    expect((await read()).status).toBe(200);
  });
});
