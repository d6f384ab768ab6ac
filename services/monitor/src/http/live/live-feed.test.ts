import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { StatusView } from '../../view/status-view.js';
import { statusView } from '../../view/status-view.test.helpers.js';
import { createLiveFeed } from './live-feed.js';
import type { PageChanges } from './page-changes.js';

const GREEN = statusView(['green', 'green', 'green', 'green']);
const RED = statusView(['green', 'green', 'green', 'red']);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A feed over a view that the test changes. */
function open(first: StatusView, maxClients?: number) {
  const view = vi.fn(() => first);
  const transitions: (() => void)[] = [];
  const feed = createLiveFeed({
    view,
    tracker: {
      onHeartbeat: () => undefined,
      onTransition: (listener) => void transitions.push(listener as () => void),
    },
    now: Date.now,
    log: createLogger('monitor', 'silent'),
    ...(maxClients === undefined ? {} : { maxClients }),
  });
  onTestFinished(() => feed.close());
  return { feed, view, transition: () => transitions.forEach((listener) => void listener()) };
}

/** A client that reads, or one that never does. */
function client(reads = true): { stream: ServerResponse; events: () => PageChanges[] } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      if (reads) done();
    },
  });
  const events = () =>
    text
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event): PageChanges => JSON.parse(event.replace(/^data: /, '')));
  // The feed uses nothing of a response but what every writable stream has.
  return { stream: stream as unknown as ServerResponse, events };
}

const ids = (event: PageChanges | undefined) => event?.parts.map(({ id }) => id);

test('a new stream receives the whole page, with title and light', () => {
  const { feed } = open(RED);
  const { stream, events } = client();
  feed.add(stream);
  expect(events()).toHaveLength(1);
  expect(events()[0]).toMatchObject({ light: 'red', title: 'failing – fra1 – podips monitor' });
  expect(ids(events()[0])).toEqual(
    expect.arrayContaining(['headline', 'card/log', 'strip/kubernetes', 'alerting']),
  );
  expect(feed.clients).toBe(1);
});

test('nothing is rendered without open streams', () => {
  const { feed, view } = open(GREEN);
  feed.changed();
  vi.advanceTimersByTime(60_000);
  expect(view).not.toHaveBeenCalled();
});

test('a change goes out at once, and further ones together a second later', () => {
  const { feed, view } = open(GREEN);
  const { stream, events } = client();
  feed.add(stream);
  feed.changed();
  vi.advanceTimersByTime(1);
  expect(events()).toHaveLength(2);
  view.mockReturnValue(RED);
  for (let count = 0; count < 100; count += 1) feed.changed();
  vi.advanceTimersByTime(998);
  expect(events()).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(events()).toHaveLength(3);
  expect(events()[2]?.light).toBe('red');
});

test('only the parts that changed go out, and times that run on are no change', () => {
  const { feed, view } = open(GREEN);
  const { stream, events } = client();
  feed.add(stream);
  feed.changed();
  vi.advanceTimersByTime(1_000);
  view.mockReturnValue({ ...GREEN, at: new Date(Date.parse(GREEN.at) + 5_000).toISOString() });
  feed.changed();
  vi.advanceTimersByTime(1_000);
  expect(ids(events()[2])).toEqual([]);
  view.mockReturnValue(RED);
  feed.changed();
  vi.advanceTimersByTime(1_000);
  expect(ids(events()[3])).toEqual(['headline', 'answers', 'link/log', 'card/log', 'strip/log']);
});

test('a stream that is opened between a change and its reversal receives both', () => {
  const { feed, view } = open(GREEN);
  feed.add(client().stream);
  feed.changed();
  vi.advanceTimersByTime(1);
  view.mockReturnValue(RED);
  feed.changed();
  const { stream, events } = client();
  feed.add(stream);
  expect(events()[0]?.light).toBe('red');
  view.mockReturnValue(GREEN);
  vi.advanceTimersByTime(1_000);
  expect(events()[1]?.light).toBe('green');
  expect(ids(events()[1])).toEqual(['headline', 'answers', 'link/log', 'card/log', 'strip/log']);
});

test('one rendering does for all who listen', () => {
  const { feed, view } = open(GREEN);
  for (let count = 0; count < 50; count += 1) feed.add(client().stream);
  view.mockClear();
  feed.changed();
  vi.advanceTimersByTime(1);
  expect(view).toHaveBeenCalledOnce();
});

test('many streams that are opened at once receive the same bytes, and one that is opened after a change others', () => {
  const { feed, view } = open(GREEN);
  const chunks: unknown[] = [];
  const stream = () =>
    // The feed uses nothing of a response but what every writable stream has.
    new Writable({
      write: (chunk, _encoding, done) => done(void chunks.push(chunk)),
    }) as unknown as ServerResponse;
  for (let count = 0; count < 50; count += 1) feed.add(stream());
  expect(view).toHaveBeenCalledOnce();
  expect(new Set(chunks.map((chunk) => (chunk instanceof Buffer ? chunk.buffer : chunk))).size).toBe(1);
  view.mockReturnValue(RED);
  feed.changed();
  const late = client();
  feed.add(late.stream);
  expect(late.events()[0]?.light).toBe('red');
});

test('a transition without a heartbeat is sent', () => {
  const { feed, transition } = open(GREEN);
  const { stream, events } = client();
  feed.add(stream);
  transition();
  vi.advanceTimersByTime(1);
  expect(events()).toHaveLength(2);
});

test('a sign of life comes every four seconds: the page knows of a frozen monitor after three', () => {
  const { feed } = open(GREEN);
  const { stream, events } = client();
  feed.add(stream);
  vi.advanceTimersByTime(12_000);
  expect(events()).toHaveLength(4);
});

test('a client that reads too slowly is cut, the others are not', () => {
  const { feed, view } = open(GREEN);
  const slow = client(false);
  const quick = client();
  feed.add(slow.stream);
  feed.add(quick.stream);
  for (let count = 0; count < 100; count += 1) {
    view.mockReturnValue(count % 2 === 0 ? RED : GREEN);
    feed.changed();
    vi.advanceTimersByTime(1_000);
  }
  expect(slow.stream.destroyed).toBe(true);
  expect(quick.events().length).toBeGreaterThan(100);
});

test('at its bound the feed is full until a stream closes', async () => {
  const { feed } = open(GREEN, 1);
  const { stream } = client();
  feed.add(stream);
  expect(feed.isFull).toBe(true);
  stream.destroy();
  await vi.waitFor(() => expect(feed.clients).toBe(0));
  expect(feed.isFull).toBe(false);
});

test('a view that cannot be made has no other effect, and later changes are sent', () => {
  const { feed, view } = open(GREEN);
  const { stream, events } = client();
  feed.add(stream);
  view.mockImplementationOnce(() => {
    throw new Error('no view');
  });
  feed.changed();
  vi.advanceTimersByTime(1_000);
  expect(events()).toHaveLength(1);
  feed.changed();
  vi.advanceTimersByTime(1_000);
  expect(events()).toHaveLength(2);
});

test('a close ends all streams, and those who come later', () => {
  const { feed } = open(GREEN);
  const [early, late] = [client(), client()];
  feed.add(early.stream);
  feed.close();
  feed.add(late.stream);
  expect([early.stream.writableEnded, late.stream.writableEnded]).toEqual([true, true]);
});
