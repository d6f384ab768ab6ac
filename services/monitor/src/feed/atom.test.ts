import { expect, test } from 'vitest';
import { joinBroker } from '../view/incident-rows.js';
import { fullView } from '../view/status-view.test.helpers.js';
import { atomFeed, type FeedOptions } from './atom.js';

const view = fullView();
const OPTIONS: FeedOptions = {
  cluster: 'fra1',
  root: '/podips',
  announcements: view.announcements,
  incidents: view.incidents,
  emptySince: '2026-01-01T00:00:00.000Z',
};

const all = (feed: string, element: string) =>
  [...feed.matchAll(new RegExp(`<${element}[^>]*>([^<]*)</${element}>`, 'g'))].map(([, text]) => text);

test('every entry has an id of its own, which stays when the incident ends, and "updated" moves', () => {
  const open = view.incidents.find(({ endedAt }) => endedAt === null);
  if (open === undefined) throw new Error('no incident lasts');
  const before = atomFeed({ ...OPTIONS, incidents: [open], announcements: [] });
  const ended = { ...open, endedAt: view.at, changedAt: view.at, durationMs: 132_000 };
  const after = atomFeed({ ...OPTIONS, incidents: [ended], announcements: [] });
  expect(all(after, 'id')).toEqual(all(before, 'id'));
  expect(all(before, 'updated')).toEqual([open.startedAt, open.startedAt]);
  expect(all(after, 'updated')).toEqual([view.at, view.at]);
  expect(all(after, 'title')[1]).toBe('Queue write was failing for 2 min 12 s');
  const ids = all(atomFeed(OPTIONS), 'id');
  expect(new Set(ids).size).toBe(1 + view.incidents.length + view.announcements.length);
  for (const id of ids)
    expect(id).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('an incident that was not watched all the time says what is known', () => {
  const over = view.incidents.find(({ endedAt }) => endedAt !== null);
  if (over === undefined) throw new Error('no incident is over');
  const partly = {
    ...over,
    durationMs: 60_000,
    durationIsLeast: true,
    startIsLatest: true,
    endIsLatest: true,
  };
  const feed = atomFeed({ ...OPTIONS, incidents: [partly], announcements: [] });
  expect(all(feed, 'title')[1]).toBe('Queue read was silent for at least 1 min');
  expect(feed.match(/UTC or earlier/g)).toHaveLength(2);
});

test('a broker that is down is one entry, which keeps the id of the link that failed first', () => {
  const [some] = view.incidents;
  if (some === undefined) throw new Error('there is no incident');
  const since = (operation: 'queue/write' | 'queue/read', at: string) => {
    const name = operation === 'queue/write' ? 'Queue write' : 'Queue read';
    return { ...some, operation, name, light: 'red' as const, startedAt: at, changedAt: at, endedAt: null };
  };
  const read = since('queue/read', '2026-01-31T11:50:00.000Z');
  const write = since('queue/write', '2026-01-31T11:50:05.000Z');
  const feedOf = (incidents: (typeof read)[]) =>
    atomFeed({ ...OPTIONS, announcements: [], incidents: joinBroker(incidents, Date.parse(view.at)) });
  const [before, after] = [feedOf([read]), feedOf([write, read])];
  expect(all(after, 'title').slice(1)).toEqual(['Queue write and queue read are failing']);
  expect(all(after, 'id')).toEqual(all(before, 'id'));
  expect(all(after, 'updated')).toEqual([write.changedAt, write.changedAt]);
});

test('an incident whose light is not known is not said to last', () => {
  const open = view.incidents.find(({ endedAt }) => endedAt === null);
  if (open === undefined) throw new Error('no incident lasts');
  const feed = atomFeed({ ...OPTIONS, incidents: [{ ...open, endIsLatest: true }], announcements: [] });
  expect(all(feed, 'title')[1]).toBe('Queue write was failing; whether that lasts is not known yet');
  expect(feed).toMatch(/Queue write was failing since [^;.]*UTC; whether that lasts is not known yet\./);
});

test('the ids of another cluster are others', () => {
  const ids = [OPTIONS, { ...OPTIONS, cluster: 'ams1' }].flatMap((options) => all(atomFeed(options), 'id'));
  expect(new Set(ids).size).toBe(ids.length);
});

test('a feed without entries is one all the same, with a time that stays', () => {
  const feed = atomFeed({ ...OPTIONS, announcements: [], incidents: [] });
  expect(all(feed, 'updated')).toEqual(['2026-01-01T00:00:00.000Z']);
  expect(feed).toContain('href="/podips/feed.atom"');
});

test('the links begin with the address of the dashboard where it is known', () => {
  const feed = atomFeed({ ...OPTIONS, root: 'https://podips.example.com' });
  const links = [...feed.matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
  expect(links).toHaveLength(2 + view.incidents.length + view.announcements.length);
  for (const link of links)
    expect(link).toMatch(/^https:\/\/podips\.example\.com\/(?:incidents|feed\.atom)$/);
});

test('what XML has no place for is shown, or replaced', () => {
  const [incident] = view.incidents;
  if (incident === undefined) throw new Error('there is no incident');
  const feed = atomFeed({
    ...OPTIONS,
    incidents: [{ ...incident, message: '<b>&\u0000\u202e\ud800\uffff' }],
  });
  expect(feed).toContain('&lt;b&gt;&amp;‹U+0000›‹U+202E›\ufffd\ufffd');
});
