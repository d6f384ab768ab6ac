import { describe, expect, it, vi } from 'vitest';
import { type KubeClient, KubeError, type KubeRequest } from './kube-client.js';
import { type ListOptions, listPods } from './pod-list.js';

/** Answers one request after another with these pages; an Error breaks the body off. */
function createClient(pages: readonly unknown[]) {
  const queries: KubeRequest['query'][] = [];
  const client: KubeClient = {
    async get({ query }) {
      const page = pages[queries.length];
      queries.push(query);
      const json = async () => {
        if (page instanceof Error) throw page;
        return page;
      };
      // A list does nothing but read its body as JSON.
      return { json } as Awaited<ReturnType<KubeClient['get']>>;
    },
    close: async () => undefined,
  };
  return { client, queries };
}

const options = (overrides: Partial<ListOptions> = {}): ListOptions => ({
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

  it('may be empty, which Go writes as null', async () => {
    const { client } = createClient([{ metadata: { resourceVersion: '5' }, items: null }]);
    expect(await listPods(client, options())).toEqual({ pods: [], resourceVersion: '5' });
  });

  it('goes on without the items that are no pods', async () => {
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

  it('fails when a page is cut short, and as too late when it was the deadline that cut it', async () => {
    const cut = new Error('terminated');
    await expect(listPods(createClient([cut]).client, options())).rejects.toMatchObject({
      code: 'KUBE_LIST_BROKEN',
      status: 503,
      cause: cut,
    });
    const late: KubeClient = {
      async get({ signal }) {
        const json = () =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        return { json } as Awaited<ReturnType<KubeClient['get']>>; // as above
      },
      close: async () => undefined,
    };
    const failed = listPods(late, options({ pageDeadlineMs: 20 }));
    await expect(failed).rejects.toMatchObject({ code: 'KUBE_TIMEOUT', status: 504 });
    await expect(failed).rejects.toBeInstanceOf(KubeError);
  });
});
