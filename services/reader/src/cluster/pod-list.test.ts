import { aborted } from '@podips/shared';
import { describe, expect, it, vi } from 'vitest';
import { BodyBuffer } from './body-buffer.js';
import { type KubeAnswer, type KubeClient, KubeError, type KubeRequest } from './kube-client.js';
import { PageTurns } from './page-turns.js';
import type { Pod } from './pod.js';
import { type ListOptions, listPods as listParts } from './pod-list.js';

/** A body of these bytes; a list does nothing but iterate over it. */
async function* send(text: string) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
const answer = (body: AsyncIterable<Uint8Array>) => ({ contentType: '', body: body as KubeAnswer['body'] }); // see above

/** Answers one request after another with these pages; an Error breaks the body off. */
function createClient(pages: readonly unknown[]) {
  const queries: KubeRequest['query'][] = [];
  const client: KubeClient = {
    async get({ query }) {
      const page = pages[queries.length];
      queries.push(query);
      const broken = (async function* () {
        yield Buffer.from('{');
        throw page;
      })();
      const body: AsyncIterable<Uint8Array> = page instanceof Error ? broken : send(JSON.stringify(page));
      return answer(body);
    },
    close: async () => undefined,
  };
  return { client, queries };
}

/** All parts of a list together. */
async function listPods(client: KubeClient, listed: ListOptions) {
  const pods: Pod[] = [];
  let resourceVersion = '';
  for await (const part of listParts(client, listed)) {
    pods.push(...part.pods);
    ({ resourceVersion } = part);
  }
  return { pods, resourceVersion };
}

const options = (overrides: Partial<ListOptions> = {}): ListOptions => ({
  path: '/api/v1/pods',
  pageSize: 2,
  pageDeadlineMs: 60_000,
  signal: new AbortController().signal,
  onSkipped: vi.fn(),
  ...overrides,
});
const item = (name: string) => ({ metadata: { name, uid: `uid-${name}` } });

describe('a list', () => {
  it('is put together from its pages, and ends where its last page says', async () => {
    const { client, queries } = createClient([
      { metadata: { resourceVersion: '5', continue: 'next' }, items: [item('a'), item('b')] },
      { metadata: { resourceVersion: '5' }, items: [item('c')] },
    ]);
    const { pods, resourceVersion } = await listPods(client, options());
    expect(pods.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(resourceVersion).toBe('5');
    expect(queries).toEqual([{ limit: '2' }, { limit: '2', continue: 'next' }]);
  });

  it('holds nothing of its pages while it waits but the pods: those of many namespaces share what pages are read into', async () => {
    const read = vi.spyOn(BodyBuffer.prototype, 'read');
    const turns = new PageTurns(2);
    const lists = Array.from({ length: 8 }, () => {
      const last = { metadata: { resourceVersion: '5' }, items: [item('b')] };
      const { client } = createClient([
        { ...last, metadata: { resourceVersion: '5', continue: 'next' } },
        last,
      ]);
      return listParts(client, options({ turns }));
    });
    // Each has a page, of which it hands over nothing more.
    for (const list of lists) await list.next();
    expect(read).toHaveBeenCalledTimes(8);
    expect(new Set(read.mock.contexts).size).toBeLessThanOrEqual(2);
    const rest: Pod[] = [];
    for (const list of lists) for await (const { pods } of list) rest.push(...pods);
    expect(rest).toHaveLength(8);
    read.mockRestore();
  });

  it('may be empty, which Go writes as null', async () => {
    const { client } = createClient([{ metadata: { resourceVersion: '5' }, items: null }]);
    expect(await listPods(client, options())).toEqual({ pods: [], resourceVersion: '5' });
  });

  it('continues without the items that are no pods', async () => {
    const items = [item('a'), {}, null, 7, item('b')];
    const { client } = createClient([{ metadata: { resourceVersion: '5' }, items }]);
    const onSkipped = vi.fn();
    expect((await listPods(client, options({ onSkipped }))).pods).toHaveLength(2);
    expect(onSkipped).toHaveBeenCalledTimes(3);
  });

  it.each([null, 'text', [], {}, { metadata: {} }, { metadata: { resourceVersion: '5' }, items: {} }])(
    'is not what %j is',
    async (page) => {
      await expect(listPods(createClient([page]).client, options())).rejects.toMatchObject({
        code: 'KUBE_LIST_BROKEN',
        status: 502,
      });
    },
  );

  it('is no list when a page is not what its type says', async () => {
    const body = () => answer(send('<html>'));
    const client = (contentType: string): KubeClient => ({
      get: async () => ({ ...body(), contentType }),
      close: async () => undefined,
    });
    for (const [type, message] of [
      ['application/json', /^a page of the list is not JSON: Unexpected token/],
      [
        'application/vnd.kubernetes.protobuf',
        /^a page of the list is not protobuf: an object begins with 3c/,
      ],
    ] as const)
      await expect(listPods(client(type), options())).rejects.toMatchObject({
        code: 'KUBE_LIST_BROKEN',
        status: 502,
        message: expect.stringMatching(message),
      });
  });

  it('fails when a page is cut short, and as too late when it was the deadline that cut it', async () => {
    const cut = new Error('terminated');
    await expect(listPods(createClient([cut]).client, options())).rejects.toMatchObject({
      code: 'KUBE_LIST_BROKEN',
      status: 503,
      cause: cut,
    });
    const late: KubeClient = {
      async get({ signal }) {
        const body = (async function* () {
          yield Buffer.from('{');
          await aborted(signal);
          throw signal.reason;
        })();
        return answer(body);
      },
      close: async () => undefined,
    };
    const failed = listPods(late, options({ pageDeadlineMs: 20 }));
    await expect(failed).rejects.toMatchObject({ code: 'KUBE_TIMEOUT', status: 504 });
    await expect(failed).rejects.toBeInstanceOf(KubeError);
  });

  it('asks for ever smaller pages while they are larger than may be held, and continues with those', async () => {
    const large = { metadata: { resourceVersion: '5', note: 'x'.repeat(8_388_608) }, items: [] };
    const { client, queries } = createClient([
      large,
      large,
      { metadata: { resourceVersion: '5', continue: 'next' }, items: [item('a')] },
      { metadata: { resourceVersion: '5' }, items: [item('b')] },
    ]);
    const { pods } = await listPods(client, options({ pageSize: 5 }));
    expect(pods.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(queries.map(({ limit, continue: next }) => [limit, next])).toEqual([
      ['5', undefined],
      ['3', undefined],
      ['2', undefined],
      ['2', 'next'],
    ]);
  });

  it('accepts one pod that is larger than a page may be, and fails at one that is larger than any', async () => {
    const pod = { ...item('a'), spec: 'x'.repeat(8_388_608) };
    const page = { metadata: { resourceVersion: '5' }, items: [pod] };
    expect((await listPods(createClient([page, page]).client, options())).pods).toHaveLength(1);
    const endless: KubeClient = {
      async get() {
        const body = (async function* () {
          for (;;) yield new Uint8Array(1_048_576);
        })();
        return answer(body);
      },
      close: async () => undefined,
    };
    await expect(listPods(endless, options())).rejects.toMatchObject({
      code: 'KUBE_LIST_BROKEN',
      status: 502,
      message:
        'a page of one pod is larger than 16777216 bytes: a pod that large, or a server that ignores `limit`',
    });
  });
});
