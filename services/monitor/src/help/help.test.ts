import { expect, test } from 'vitest';
import type { FlowView } from '../flow/flow-view.js';
import type { HeadlineStates } from '../words/headline.js';
import { incidentOf } from '../words/incident.js';
import { openHelp } from './help.js';
import { renderMarkdown } from './markdown.js';

test('headings have the anchors of GitHub, also when they occur twice', () => {
  const { title, anchors, markup } = renderMarkdown('# A `code`, and more\n## Same\n## Same\n', []);
  expect(title).toBe('A `code`, and more');
  expect(anchors).toEqual(['a-code-and-more', 'same', 'same-1']);
  expect(markup).toContain('<h2 id="same-1">');
});

test('links lead to pages of the monitor, to headings and to other sites, and to nothing else', () => {
  const source =
    '[a](operate.md#lights) [b](#here) [c](https://example.org/) [d](../README.md) [e](other.md) [f](javascript:1)';
  const { markup } = renderMarkdown(source, ['operate']);
  expect([...markup.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
    '/help/operate#lights',
    '#here',
    'https://example.org/',
  ]);
  expect(markup).toContain(' d e ');
});

test('markup in a document is shown as text', () => {
  const { markup } = renderMarkdown('# x\n<script>1</script>\n\n```html\n<b>\n```\n![<i>](y.png)', []);
  expect(markup).not.toMatch(/<(script|b|i|img)>?/);
});

test('a monitor has every document of the repository, those for the night first', async () => {
  const help = openHelp();
  expect(help.names.slice(0, 2)).toEqual(['troubleshooting', 'operate']);
  for (const name of help.names) expect((await help.read(name))?.title).not.toBe('');
  expect(await help.read('../package')).toBeUndefined();
});

test('an installation without documents has no help', () => {
  expect(openHelp([new URL('file:///nonexistent/')]).names).toEqual([]);
});

const GREEN = { light: 'green', heartbeat: { code: 200, message: 'OK' }, ageMs: 0 } as const;
const RED = { light: 'red', heartbeat: { code: 503, message: 'refused' }, ageMs: 0 } as const;
const SILENT = { light: 'yellow', heartbeat: { code: 200, message: 'OK' }, ageMs: 400_000 } as const;
const EARLY = { ...SILENT, ageMs: 30_000 } as const;
const ALL = { kubernetes: GREEN, 'queue/write': GREEN, 'queue/read': GREEN, log: GREEN };
const FORBIDDEN = { ...RED, heartbeat: { code: 403, message: 'pods is forbidden' } };
const NO_STORE = { ...RED, heartbeat: { code: 500, message: 'no outbox and no ledger: no rights' } };
const GREY = { light: 'grey', heartbeat: undefined, ageMs: 0 } as const;
const FLOW: FlowView = {
  ...{ state: 'late', queued: 1_716, outbox: 0, buffered: 0, oldestMs: 90_000 },
  ...{ lateSince: '2026-01-31T11:58:00.000Z', unrecorded: 1_200 },
  ...{ publishedPerSecond: 1, writtenPerSecond: 1, lagMs: null, readerSilentMs: null, writerSilentMs: null },
  series: [],
};

test.each([
  ['the reader without rights', { kubernetes: FORBIDDEN }, 'kubernetes', 'the-reader-may-not-read-pods'],
  ['the API server down', { kubernetes: RED }, 'kubernetes', 'the-api-server-is-unavailable'],
  ['the reader dead', { kubernetes: SILENT, 'queue/write': SILENT }, 'kubernetes', 'the-reader-is-silent'],
  ['the broker dead', { 'queue/write': RED, 'queue/read': RED }, 'queue/write', 'the-broker-is-down'],
  ['the writer frozen', { 'queue/read': EARLY }, 'queue/read', 'messages-wait-on-the-queue'],
  ['the writer dead', { 'queue/read': SILENT, log: SILENT }, 'queue/read', 'messages-wait-on-the-queue'],
  ['Fluentd dead', { log: RED }, 'log', 'fluentd-is-down'],
  ['no store', { 'queue/write': NO_STORE, ledger: RED }, 'queue/write', 'the-ledger-cannot-be-used'],
  ['the database gone', { ledger: RED }, 'ledger', 'the-ledger-cannot-be-used'],
  ['a migration', { ledger: EARLY }, 'ledger', 'the-ledger-cannot-be-used'],
] as const)(
  '%s leads to a paragraph that exists, and says whether anything is lost',
  async (_what, changes, likelyCause, anchor) => {
    const incident = incidentOf({
      states: { ...ALL, ...changes },
      likelyCause,
      ageLimitMs: 300_000,
      flow: null,
    });
    expect(incident?.help.path).toBe(`/help/troubleshooting#${anchor}`);
    expect((await openHelp().read('troubleshooting'))?.anchors).toContain(anchor);
    expect(incident?.loss).toMatch(/lost|delivered/);
  },
);

test('each cell of a table has the heading of its column, by which it is read on a narrow screen', () => {
  const { markup } = renderMarkdown(
    '| light | `red` |\n|---|---|\n| read | refused |\n| write | full |\n',
    [],
  );
  const labels = markup.matchAll(/<td data-label="(.+?)">(.+?)<\/td>/g);
  expect([...labels].map(([, label, text]) => `${label}: ${text}`)).toEqual([
    'light: read',
    'red: refused',
    'light: write',
    'red: full',
  ]);
});

test('messages that are late are an incident though all lights work', () => {
  const facts = { states: ALL, likelyCause: null, ageLimitMs: 300_000 };
  expect(incidentOf({ ...facts, flow: FLOW })).toMatchObject({ waiting: '1,716 on the queue', error: null });
  expect(incidentOf({ ...facts, flow: { ...FLOW, state: 'in time' } })).toBeUndefined();
});

test('the incident of a database that is gone says how many leases wait for it, that of a broker does not', () => {
  const facts = { ageLimitMs: 300_000, flow: { ...FLOW, queued: 0, outbox: 3 } };
  const waiting = (likelyCause: 'ledger' | 'queue/write', changes: Partial<HeadlineStates>) =>
    incidentOf({ ...facts, likelyCause, states: { ...ALL, ...changes } })?.waiting;
  expect(waiting('ledger', { ledger: RED })).toBe('3 in the outbox, 1,200 leases for the ledger');
  expect(waiting('queue/write', { 'queue/write': RED, 'queue/read': RED })).toBe('3 in the outbox');
});

test('without an outbox, a broker that is down may end in loss, and the incident says so', () => {
  const states = { ...ALL, 'queue/write': RED, 'queue/read': RED };
  const facts = { likelyCause: 'queue/write', ageLimitMs: 300_000, flow: null } as const;
  expect(incidentOf({ ...facts, states })?.loss).toContain('until it resumes is lost');
  expect(incidentOf({ ...facts, states: { ...states, ledger: GREEN } })?.loss).toMatch(
    /^Nothing is lost: .*outbox/,
  );
  expect(incidentOf({ ...facts, states: { ...states, ledger: RED } })?.loss).toContain(
    'until it resumes is lost',
  );
});

const READER = { ...ALL, kubernetes: SILENT, 'queue/write': SILENT };
const BROKER = { ...ALL, 'queue/write': RED, 'queue/read': RED };
const NONE = /^Without a database, what happens while no reader runs is lost\.$/;
const LEDGER = /^Nothing is lost as long as .* a gap that the ledger names\.$/;
const OUTBOX = /^Nothing is lost: messages go to the outbox/;
const MEMORY = /^Nothing is lost while the reader runs and its memory has room; /;
const UNKNOWN = /whether it has an outbox is not known\..* is lost\.$/;

test.each<[string, HeadlineStates, number | null | undefined, RegExp]>([
  ['a dead reader, of which nothing is known', READER, undefined, NONE],
  ['a dead reader without a database', READER, null, NONE],
  ['a dead reader without a database, and a monitor with one', { ...READER, ledger: GREEN }, null, NONE],
  ['a dead reader that never wrote to the ledger', { ...READER, ledger: EARLY }, undefined, NONE],
  ['a dead reader with a ledger', { ...READER, ledger: GREEN }, undefined, LEDGER],
  ['a dead reader with a database, and a monitor without one', READER, 0, LEDGER],
  ['a dead broker, and a reader of which nothing is known', BROKER, undefined, UNKNOWN],
  ['a dead broker, and a ledger that no reader wrote to', { ...BROKER, ledger: EARLY }, undefined, UNKNOWN],
  ['a dead broker before the first look at the ledger', { ...BROKER, ledger: GREY }, undefined, UNKNOWN],
  ['a dead broker, and a reader without an outbox', { ...BROKER, ledger: GREEN }, null, MEMORY],
  ['a dead broker, and a reader with an outbox', BROKER, 3, OUTBOX],
  ['a dead broker, and a database that is down', { ...BROKER, ledger: RED }, 3, MEMORY],
])('of %s it is said what is known of loss', (_what, states, outbox, said) => {
  const likelyCause = states.kubernetes === SILENT ? 'kubernetes' : 'queue/write';
  const flow = outbox === undefined ? null : { ...FLOW, outbox };
  expect(incidentOf({ states, likelyCause, ageLimitMs: 300_000, flow })?.loss).toMatch(said);
});

test('only with a ledger there is something that names a gap', () => {
  const states = { ...ALL, kubernetes: FORBIDDEN };
  const facts = { likelyCause: 'kubernetes', ageLimitMs: 300_000, flow: null } as const;
  expect(incidentOf({ ...facts, states })?.loss).not.toContain('ledger');
  expect(incidentOf({ ...facts, states: { ...states, ledger: GREEN } })?.loss).toContain(
    'a gap that the ledger names',
  );
});
