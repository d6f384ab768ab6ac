import { addAbortSignal, PassThrough, Readable } from 'node:stream';
import { createLogger } from '@podips/shared';
import { afterEach, describe, expect, it, type Mock, vi } from 'vitest';
import type { PodFeedEvents, PodListing, PodSink } from './feed-parts.js';
import { type KubeAnswer, type KubeClient, KubeError } from './kube-client.js';
import type { Pod } from './pod.js';
import { followPods } from './pod-feed.js';
import { Standstill } from './standstill.js';

/** How long the feed meant to wait before each further attempt, in milliseconds. */
const waits = vi.hoisted((): number[] => []);
vi.mock('@podips/shared', async (importOriginal) => ({
  ...(await importOriginal<typeof import('@podips/shared')>()),
  pause: async (ms: number) => {
    waits.push(ms);
    return true;
  },
}));
afterEach(() => {
  waits.length = 0;
});

/** The answer of the API server to one request: a page, the lines of a watch, or a failure. */
type Answer = object | readonly string[] | Error;

const page = (resourceVersion: string, ...names: string[]) => ({
  metadata: { resourceVersion },
  items: names.map((name) => podObject(name, resourceVersion)),
});
const podObject = (name: string, resourceVersion?: string) => ({
  metadata: { name, uid: `uid-${name}`, namespace: 'default', resourceVersion },
  status: { phase: 'Running', podIP: '10.0.0.1' },
});
const added = (name: string, version?: string) =>
  JSON.stringify({ type: 'ADDED', object: podObject(name, version) });
const bookmark = (resourceVersion: string) =>
  JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } });
const refused = (status: number, retryAfterMs?: number) =>
  new KubeError('KUBE_REFUSED', `answered ${status}`, { status, retryAfterMs });
const silence = Object.assign(new Error('silent'), { code: 'UND_ERR_BODY_TIMEOUT' });
/** A watch that sends nothing until it is closed. */
const hanging = { hangs: true };
/** A watch that breaks off after these lines. */
const broken = (cause: Error, ...lines: string[]): Answer => ({ broken: cause, lines });

function bodyOf(answer: object | readonly string[]): KubeAnswer {
  const lines: readonly string[] =
    'lines' in answer && Array.isArray(answer.lines)
      ? answer.lines
      : Array.isArray(answer)
        ? answer
        : [JSON.stringify(answer)];
  async function* bytes() {
    for (const line of lines) yield Buffer.from(`${line}\n`);
    if ('broken' in answer) throw answer.broken;
  }
  // The feed iterates it or destroys it, nothing else.
  return { contentType: 'application/json', body: Readable.from(bytes()) as unknown as KubeAnswer['body'] };
}

interface Run {
  /** `list`, or `watch <version>`, for each request. */
  readonly requests: readonly string[];
  /** How many pods each list asked for. */
  readonly limits: readonly number[];
  readonly seen: readonly string[];
  readonly events: { [K in keyof PodFeedEvents]: ReturnType<typeof vi.fn<PodFeedEvents[K]>> };
  readonly logged: Mock;
}

/** Accepts a list, and all of its pages at its end. */
function listingOf(onEnd: (pods: readonly Pod[]) => void): PodListing {
  const listed: Pod[] = [];
  return {
    page: async (pods) => listed.push(...pods) >= 0,
    async end() {
      onEnd(listed);
      return true;
    },
  };
}

/** Runs the feed until all answers are given. */
async function follow(
  answers: readonly Answer[],
  sinkParts: Partial<PodSink> = {},
  resumeFrom?: string,
  stillLeads: (signal: AbortSignal) => Promise<boolean> = async () => true,
  standstill = new Standstill(10_000),
  newest = () => '1000000',
): Promise<Run> {
  const stopping = new AbortController();
  const left = [...answers];
  const requests: string[] = [];
  const limits: number[] = [];
  const client: KubeClient = {
    async get({ query, signal }) {
      // The feed asks for the newest version.
      if (query.limit === '1') return bodyOf(page(newest()));
      const answer = left.shift();
      if (answer === undefined) {
        stopping.abort();
        throw new Error('stopped');
      }
      requests.push(query.watch ? `watch ${query.resourceVersion}` : 'list');
      if (!query.watch) limits.push(Number(query.limit));
      if (answer instanceof Error) throw answer;
      if (answer === hanging)
        return {
          contentType: '',
          body: addAbortSignal(signal, new PassThrough()) as unknown as KubeAnswer['body'],
        };
      return bodyOf(answer);
    },
    close: async () => undefined,
  };
  const seen: string[] = [];
  const sink: PodSink = {
    catchingUp: () => undefined,
    startList: () => listingOf((pods) => void seen.push(`[${pods.map(({ name }) => name)}]`)),
    apply(event) {
      if (event.type === 'added') seen.push(event.pod.name);
      return true;
    },
    fullOf: 'messages',
    roomAvailable: async () => undefined,
    ...sinkParts,
  };
  const events = {
    onAlive: vi.fn(),
    onFailure: vi.fn(),
    onSkipped: vi.fn(),
    onList: vi.fn(),
    onFull: vi.fn(),
  };
  using _ = standstill;
  const options = {
    resumeFrom,
    pageSize: 100,
    requestDeadlineMs: 1_000,
    idleMs: 1_000,
    watchTimeoutSeconds: 60,
    compareVersionsMs: 20,
    stillLeads,
    standstill,
  };
  const log = createLogger('test', 'silent');
  const logged = vi.spyOn(log, 'error');
  await followPods(client, sink, options, events, log, stopping.signal);
  return { requests, limits, seen, events, logged };
}

const listReasons = ({ events }: Run) => events.onList.mock.calls.flat();
const failures = ({ events }: Run) => events.onFailure.mock.calls.map(([error]) => error.status);

describe('the feed', () => {
  it('watches on from its list, and again from the last event or bookmark', async () => {
    const run = await follow([
      page('5', 'a'),
      [added('b', '7'), bookmark('20')],
      [added('c', '21')],
      [bookmark('30')],
    ]);
    expect(run.requests).toEqual(['list', 'watch 5', 'watch 20', 'watch 21']);
    expect(run.seen).toEqual(['[a]', 'b', 'c']);
    expect(Math.max(...waits.slice(0, 3))).toBeLessThanOrEqual(500);
    expect(run.events.onFailure).not.toHaveBeenCalled();
  });

  it('keeps its place when an event has no version', async () => {
    const run = await follow([page('5'), [added('a'), bookmark('')], []]);
    expect(run.requests).toEqual(['list', 'watch 5', 'watch 5']);
  });

  it('says before each list and each watch that what comes is of the past', async () => {
    const said: string[] = [];
    const sink: Partial<PodSink> = {
      catchingUp: () => void said.push('catching up'),
      startList: () => listingOf(() => void said.push('list')),
      apply: ({ type }) => said.push(type) > 0,
    };
    await follow([page('5'), [bookmark('6')], [added('a', '7')]], sink);
    const past = 'catching up';
    expect(said).toEqual([past, 'list', past, 'bookmark', past, 'added', past]);
  });

  it('opens another watch when its process was frozen: what waits in this one is of the past', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const said: string[] = [];
    const sink: Partial<PodSink> = {
      catchingUp: () => void said.push('catching up'),
      apply(event) {
        if (event.type === 'added') said.push(event.pod.name);
        if (said.at(-1) === 'a') vi.setSystemTime(Date.now() + 60_000);
        return true;
      },
    };
    const { requests } = await follow(
      [page('5'), [added('a', '6'), added('b', '7')], [added('b', '7')]],
      sink,
    );
    vi.useRealTimers();
    expect(requests).toEqual(['list', 'watch 5', 'watch 6']);
    expect(said.slice(1)).toEqual(['catching up', 'a', 'catching up', 'b', 'catching up']);
  });

  it('opens another one at once, however often its process was frozen', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    // As soon as a watch is asked for, before its first event is read.
    const catchingUp = () => void vi.setSystemTime(Date.now() + 60_000);
    const run = await follow(Array(8).fill([added('a', '6')]), { catchingUp }, '5');
    vi.useRealTimers();
    expect(run.requests).toEqual(Array(8).fill('watch 5'));
    expect(Math.max(...waits.slice(0, 8))).toBe(0);
  });

  it('asks whether its reader still leads before it accepts anything after it was frozen', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const said: string[] = [];
    let requested = 0;
    const sink: Partial<PodSink> = {
      // In the middle of the first list, and of the watch that follows the second.
      catchingUp() {
        requested += 1;
        if (requested !== 2) vi.setSystemTime(Date.now() + 60_000);
      },
      startList: () => listingOf(() => void said.push('list')),
      apply: ({ type }) => said.push(type) > 0,
    };
    const answers = [true, false];
    const stillLeads = async () => {
      const answer = answers.shift() ?? true;
      said.push(answer ? 'leads' : 'follows');
      return answer;
    };
    const run = follow([page('5'), page('6'), [added('a', '7')], []], sink, undefined, stillLeads);
    const { requests } = await run;
    vi.useRealTimers();
    expect(said).toEqual(['leads', 'list', 'follows']);
    expect(requests).toEqual(['list', 'list', 'watch 6']);
  });

  it.each([
    [true, ['list', 'watch 5']],
    [false, ['list']],
  ])('asks when its process was frozen while a list waited for room: %s', async (leads, requests) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const answers: boolean[] = [];
    const sink: Partial<PodSink> = {
      startList: () => ({
        async page(_pods, mayAccept) {
          answers.push(await mayAccept());
          vi.setSystemTime(Date.now() + 60_000);
          answers.push(await mayAccept());
          return answers.at(-1) ?? false;
        },
        end: async () => true,
      }),
    };
    const run = await follow([page('5', 'a'), []], sink, undefined, async () => leads);
    vi.useRealTimers();
    expect(answers).toEqual([true, leads]);
    expect(run.requests).toEqual(requests);
  });

  it('asks before its first list when its process was frozen since it leads', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const standstill = new Standstill(2_000);
    vi.setSystemTime(Date.now() + 1_500);
    const run = await follow([page('5'), []], {}, undefined, async () => false, standstill);
    vi.useRealTimers();
    expect(run.requests).toEqual([]);
  });

  it('asks for ever smaller pages while a list takes too long, says so each time, and grows them again', async () => {
    const late = new KubeError('KUBE_TIMEOUT', 'late', { status: 504 });
    const old = JSON.stringify({ type: 'ERROR', object: { code: 410 } });
    const run = await follow([...Array(5).fill(late), page('5', 'a'), [old], page('6', 'a'), []]);
    expect(run.limits).toEqual([100, 50, 25, 13, 7, 7, 14]);
    expect(failures(run)).toEqual(Array(5).fill(504));
    expect(run.seen).toEqual(['[a]', '[a]']);
  });

  it('reports every sign of life', async () => {
    const { events } = await follow([page('5'), [added('a', '6'), bookmark('7')]]);
    expect(events.onAlive.mock.calls.flat()).toEqual(['list', 'list', 'watch', 'event', 'bookmark']);
  });

  it('reports each page of a list that does not fail, for its end may have to wait for the queue', async () => {
    const first = { ...page('5', 'a'), metadata: { resourceVersion: '5', continue: 'next' } };
    const run = await follow([first, refused(503), first, refused(503)]);
    expect(run.events.onAlive.mock.calls.flat()).toEqual(['list']);
    expect(failures(run)).toEqual([503, 503]);
  });

  it('reports a failure of its own surroundings, and continues', async () => {
    const accept = vi
      .fn<PodListing['page']>()
      .mockRejectedValueOnce(new TypeError('a mistake'))
      .mockResolvedValue(true);
    const startList = () => ({ page: accept, end: async () => true });
    const run = await follow([page('5'), page('6'), []], { startList });
    expect(run.requests).toEqual(['list', 'list', 'watch 6']);
    expect(failures(run)).toEqual([500]);
  });
});

describe('waiting', () => {
  it('grows with every failure without progress, up to half a minute', async () => {
    await follow(Array.from({ length: 10 }, () => refused(503)));
    const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000];
    for (const [index, ceiling] of ceilings.entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(waits[index]).toBeLessThanOrEqual(ceiling);
    }
  });

  it('starts small again after progress', async () => {
    const outage = Array.from({ length: 8 }, () => refused(503));
    await follow([page('5'), ...outage, [added('a', '6')], refused(503)]);
    expect(waits.at(8)).toBeLessThanOrEqual(500);
    expect(waits.at(9)).toBeLessThanOrEqual(500);
  });

  it('follows what the server asks for, but not for more than a minute', async () => {
    const run = await follow([refused(429, 7_000), refused(429, 3_600_000)]);
    expect(waits.slice(0, 2)).toEqual([7_000, 60_000]);
    expect(failures(run)).toEqual([429, 429]);
  });

  it('grows when every watch soon ends in another list, though events come in between', async () => {
    const lost = [page('5'), [added('a', '6'), '{"type"']];
    await follow([...lost, ...lost, ...lost, ...lost, ...lost]);
    for (const [index, ceiling] of [500, 1_000, 2_000, 4_000, 8_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(ceiling / 2);
    }
  });

  it('does not delay the list after a 410, however long the server was unavailable before', async () => {
    const outage = Array.from({ length: 8 }, () => refused(503));
    const run = await follow([...outage, refused(410), page('9'), []], {}, '7');
    expect(run.requests.slice(8, 10)).toEqual(['watch 7', 'list']);
    expect(waits.at(7)).toBeGreaterThanOrEqual(15_000);
    expect(waits.at(8)).toBe(0);
  });

  it('does not delay the list after a 410 inside a watch either', async () => {
    const old = JSON.stringify({ type: 'ERROR', object: { code: 410 } });
    const outage = Array.from({ length: 8 }, () => refused(503));
    await follow([...outage, [old], page('9'), []], {}, '7');
    expect(waits.at(8)).toBe(0);
  });

  it('starts small again after an outage in which lists failed', async () => {
    const outage = Array.from({ length: 8 }, () => refused(503));
    await follow([...outage, page('5'), refused(410), page('9'), []]);
    expect(waits.at(8)).toBeLessThanOrEqual(500);
  });

  it('starts small again when the server accepts a watch, though it says nothing', async () => {
    const outage = Array.from({ length: 8 }, () => refused(503));
    await follow([page('5'), ...outage, [], refused(503)]);
    expect(waits.slice(8, 10).every((ms) => ms <= 500)).toBe(true);
  });

  it('grows when the server accepts every watch and ends it at once', async () => {
    await follow([page('5'), [], [], [], []]);
    for (const [index, ceiling] of [500, 1_000, 2_000, 4_000].entries())
      expect(waits[index]).toBeGreaterThanOrEqual(ceiling / 2);
  });

  it('grows when the continue token of every list expires', async () => {
    await follow([refused(410), refused(410), refused(410), refused(410)]);
    for (const [index, ceiling] of [500, 1_000, 2_000, 4_000].entries())
      expect(waits[index]).toBeGreaterThanOrEqual(ceiling / 2);
  });

  it('for longer than a second is a failure, because nothing is watched meanwhile', async () => {
    const lost = [page('5'), [added('a', '6'), '{"type"']];
    const run = await follow([...lost, ...lost, ...lost, ...lost]);
    expect(Math.max(...waits.slice(0, 2))).toBeLessThanOrEqual(1_000);
    expect(run.events.onFailure.mock.calls.map(([{ code }]) => code)).toContain('KUBE_NO_WATCH');
  });

  it('is never left out after a watch that ended at once', async () => {
    await follow([page('5'), [bookmark('6')], [bookmark('7')], [bookmark('8')]]);
    expect(Math.min(...waits.slice(0, 3))).toBeGreaterThanOrEqual(250);
  });
});

describe('an earlier reader', () => {
  it('is followed without a list, from where it stopped', async () => {
    const run = await follow([[added('a', '8')], []], {}, '7');
    expect(run.requests).toEqual(['watch 7', 'watch 8']);
    expect(run.events.onList).not.toHaveBeenCalled();
  });

  it('is followed by a list when the server has forgotten where it stopped', async () => {
    const run = await follow([refused(410), page('9', 'a'), []], {}, '7');
    expect(run.requests).toEqual(['watch 7', 'list', 'watch 9']);
    expect(listReasons(run)).toEqual(['expired']);
  });
});

describe('a new list', () => {
  it.each([400, 422])(
    'is due when the server answers %i: it will never understand that version',
    async (status) => {
      const run = await follow([page('5'), refused(status), page('9'), []]);
      expect(run.requests).toEqual(['list', 'watch 5', 'list', 'watch 9']);
      expect(listReasons(run)).toEqual(['start', 'refused']);
    },
  );

  it('is due when the version is gone, which is no failure', async () => {
    const run = await follow([page('5'), refused(410), page('9', 'b'), []]);
    expect(run.requests).toEqual(['list', 'watch 5', 'list', 'watch 9']);
    expect(listReasons(run)).toEqual(['start', 'expired']);
    expect(run.events.onFailure).not.toHaveBeenCalled();
  });

  it('is due after a line that cannot be read, without the rest of the stream', async () => {
    const run = await follow([page('5'), [added('a', '6'), '{"type"', added('b', '7')], page('9', 'b')]);
    expect(run.requests).toEqual(['list', 'watch 5', 'list']);
    expect(run.seen).toEqual(['[]', 'a', '[b]']);
    expect(listReasons(run)).toEqual(['start', 'unreadable']);
  });

  it('is due after two silent watches in a row: the version may be from the future', async () => {
    const silent = broken(silence);
    const run = await follow([page('5'), silent, silent, page('1'), []]);
    expect(run.requests).toEqual(['list', 'watch 5', 'watch 5', 'list', 'watch 1']);
    expect(listReasons(run)).toEqual(['start', 'silent']);
  });

  it('is due at once when the newest version of the server is below the position', async () => {
    const run = await follow(
      [page('50'), hanging, page('3', 'a'), []],
      {},
      undefined,
      undefined,
      undefined,
      () => '3',
    );
    expect(run.requests).toEqual(['list', 'watch 50', 'list', 'watch 3']);
    expect(listReasons(run)).toEqual(['start', 'reset']);
    expect(run.events.onFailure).not.toHaveBeenCalled();
  });

  it('is due when that becomes so while the watch is silent', async () => {
    const versions = ['50', '50', '3'];
    const run = await follow(
      [page('50'), hanging, page('3'), []],
      {},
      undefined,
      undefined,
      undefined,
      () => versions.shift() ?? '3',
    );
    expect(versions).toEqual([]);
    expect(run.requests).toEqual(['list', 'watch 50', 'list', 'watch 3']);
  });

  it('is not due where versions are no numbers', async () => {
    const run = await follow(
      [page('b'), [added('a', 'c')], []],
      {},
      undefined,
      undefined,
      undefined,
      () => 'a',
    );
    expect(run.requests).toEqual(['list', 'watch b', 'watch c']);
  });

  it('is not due after a silent watch that had said something, nor is that a failure', async () => {
    const chatty = (version: string) => broken(silence, bookmark(version));
    const run = await follow([page('5'), chatty('6'), chatty('7'), chatty('8')]);
    expect(run.requests).toEqual(['list', 'watch 5', 'watch 6', 'watch 7']);
    expect(run.events.onFailure).not.toHaveBeenCalled();
  });

  it('is not due after a watch that broke', async () => {
    const run = await follow([page('5'), broken(new Error('reset'), added('a', '6')), []]);
    expect(run.requests).toEqual(['list', 'watch 5', 'watch 6']);
    expect(failures(run)).toEqual([503]);
  });
});

describe('a sink without room', () => {
  it('closes the watch, with a reason, and gets the same event again when it has room', async () => {
    const taken: string[] = [];
    let room = 1;
    const run = await follow(
      [page('5'), [added('a', '6'), added('b', '7'), added('c', '8')], [added('b', '7'), added('c', '8')]],
      {
        apply(event) {
          if (room === 0) return false;
          if (event.type === 'added') taken.push(event.pod.name);
          room -= 1;
          return true;
        },
        fullOf: 'leases',
        roomAvailable: async () => {
          room = 10;
        },
      },
    );
    expect(run.requests).toEqual(['list', 'watch 5', 'watch 6']);
    expect(taken).toEqual(['a', 'b', 'c']);
    expect(run.logged).toHaveBeenCalledExactlyOnceWith({ fullOf: 'leases' }, expect.any(String));
  });
});
