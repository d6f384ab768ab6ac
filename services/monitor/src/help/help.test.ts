import { expect, test } from 'vitest';
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

test('a monitor has every document of the repository, those for the night first', () => {
  const help = openHelp();
  expect(help.names.slice(0, 2)).toEqual(['troubleshooting', 'operate']);
  for (const name of help.names) expect(help.read(name)?.title).not.toBe('');
  expect(help.read('../package')).toBeUndefined();
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
const LATE = { state: 'late', queued: 1_716, outbox: 0, buffered: 0 } as const;

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
  (_what, changes, likelyCause, anchor) => {
    const incident = incidentOf({
      states: { ...ALL, ...changes },
      likelyCause,
      ageLimitMs: 300_000,
      flow: null,
    });
    expect(incident?.help.path).toBe(`/help/troubleshooting#${anchor}`);
    expect(openHelp().read('troubleshooting')?.anchors).toContain(anchor);
    expect(incident?.loss).toMatch(/lost|delivered/);
  },
);

test('messages that are late are an incident though all lights work', () => {
  const flow = {
    ...LATE,
    oldestMs: 90_000,
    publishedPerSecond: 1,
    writtenPerSecond: 1,
    lagMs: null,
    readerSilentMs: null,
    writerSilentMs: null,
    series: [],
  };
  const facts = { states: ALL, likelyCause: null, ageLimitMs: 300_000 };
  expect(incidentOf({ ...facts, flow })).toMatchObject({ waiting: '1,716 on the queue', error: null });
  expect(incidentOf({ ...facts, flow: { ...flow, state: 'in time' } })).toBeUndefined();
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

test('only with a ledger there is something that names a gap', () => {
  const states = { ...ALL, kubernetes: FORBIDDEN };
  const facts = { likelyCause: 'kubernetes', ageLimitMs: 300_000, flow: null } as const;
  expect(incidentOf({ ...facts, states })?.loss).not.toContain('ledger');
  expect(incidentOf({ ...facts, states: { ...states, ledger: GREEN } })?.loss).toContain(
    'a gap that the ledger names',
  );
});
