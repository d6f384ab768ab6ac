import { expect, test } from 'vitest';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { decide, NOTHING_REPORTED } from './decide.js';
import { messageOf, testMessage } from './message.js';
import { mergeNotices, type Notice } from './notice.js';
import { oneLine } from './one-line.js';
import { slackBody } from './webhook-channel.js';

const START_MS = Date.UTC(2026, 0, 31, 12, 0, 0);
const MIN = 60_000;
const RULES = {
  forMs: 0,
  repeatIntervalMs: 240 * MIN,
  maxPerHour: 20,
  groupWaitMs: 0,
  startedAtMs: 0,
  ageLimitMs: 5 * MIN,
};
const CONTEXT = { cluster: 'default', pageUrl: 'https://podips.example.com/' };

/** The notices at the given times about a chain in the given state. */
function noticesOf(
  ...chains: readonly (readonly [atMs: number, chain: ReturnType<typeof chainOf>])[]
): Notice[] {
  let state = NOTHING_REPORTED;
  return chains.flatMap(([atMs, chain]) => {
    const decision = decide(state, chain, atMs, RULES);
    state = decision.state;
    return decision.notice ?? [];
  });
}

const BROKEN = chainOf({
  'queue/write': stateOf('queue/write', 'red', START_MS, 'connection refused'),
  log: stateOf('log', 'yellow', START_MS),
});

test('an alert says what is wrong, since when, and where to look first', () => {
  const [notice] = noticesOf([START_MS + 2 * MIN, BROKEN]);
  const message = messageOf({ ...defined(notice), heldBack: 3 }, CONTEXT);
  expect(message.subject).toBe('[podips default] Queue write failing and 1 more');
  expect(message.text).toMatchInlineSnapshot(`
    "Queue write fails: connection refused. Look at the queue first; Fluentd write follows from it.

    Queue write: failing since 2026-01-31 12:00:00.000 UTC (2 min).
      503 connection refused, from node-1
    Fluentd write: silent since 2026-01-31 12:00:00.000 UTC (2 min).
      Last heartbeat, successful: 200 OK, from node-1

    As of 2026-01-31 12:02:00.000 UTC:
      Kubernetes read: working
      Queue write: failing
      Queue read: working
      Fluentd write: silent

    The hourly limit suppressed 3 alerts before this one.

    https://podips.example.com/
    "
  `);
  expect(message.body).toMatchObject({ event: 'problem', likelyCause: 'queue/write', heldBack: 3 });
});

test('the end of an alert says how long it lasted and what it was', () => {
  const end = START_MS + 5 * MIN;
  const later = chainOf({
    'queue/write': stateOf('queue/write', 'green', end),
    log: stateOf('log', 'green', end),
  });
  const [, notice] = noticesOf([START_MS, BROKEN], [START_MS + 6 * MIN, later]);
  const message = messageOf(defined(notice), CONTEXT);
  expect(message.subject).toBe('[podips default] Working again after 5 min');
  expect(message.text).toMatchInlineSnapshot(`
    "All four links work.

    Queue write: working again since 2026-01-31 12:05:00.000 UTC; it was failing for 5 min, since 2026-01-31 12:00:00.000 UTC.
      503 connection refused, from node-1
    Fluentd write: working again since 2026-01-31 12:05:00.000 UTC; it was silent for 5 min, since 2026-01-31 12:00:00.000 UTC.
      Last heartbeat, successful: 200 OK, from node-1

    As of 2026-01-31 12:06:00.000 UTC:
      Kubernetes read: working
      Queue write: working
      Queue read: working
      Fluentd write: working

    https://podips.example.com/
    "
  `);
  expect(message.body.changes[0]).toMatchObject({ kind: 'ended', durationMs: 5 * MIN, code: 503 });
});

test('an alert about a trouble that was not watched all the time says what is known', () => {
  const end = START_MS + 5 * MIN;
  const later = chainOf({
    log: stateOf('log', 'green', end),
    'queue/write': stateOf('queue/write', 'green', end),
  });
  const [, notice] = noticesOf([START_MS, BROKEN], [START_MS + 6 * MIN, later]);
  const extent = { durationMs: MIN, durationIsLeast: true, startIsLatest: true, endIsLatest: true };
  const { changes, ...rest } = defined(notice);
  const { subject, text, body } = messageOf(
    { ...rest, changes: changes.map((change) => ({ ...change, extent })) },
    CONTEXT,
  );
  expect(subject).toBe('[podips default] Working again after at least 1 min');
  expect(text).toContain(
    'Queue write: working again since 2026-01-31 12:05:00.000 UTC or earlier; it was failing for at least 1 min, since 2026-01-31 12:00:00.000 UTC or earlier.',
  );
  expect(body.changes[0]).toMatchObject({ durationMs: MIN, durationIsLeast: true });
});

test('the end of one of several names it', () => {
  const later = chainOf({ log: stateOf('log', 'yellow', START_MS) });
  const [, notice] = noticesOf([START_MS, BROKEN], [START_MS + 6 * MIN, later]);
  expect(messageOf(defined(notice), CONTEXT).subject).toBe(
    '[podips default] Queue write working again after 6 min',
  );
});

test('an alert for what has never reported says so', () => {
  const chain = chainOf({ log: stateOf('log', 'grey', 0) });
  const [notice] = noticesOf([5 * MIN, chain]);
  const { subject, text, body } = messageOf(defined(notice), CONTEXT);
  expect(subject).toBe('[podips default] Fluentd write never reported');
  expect(text).toContain('Fluentd write: never reported since 1970-01-01 00:00:00.000 UTC (5 min).\n\nAs of');
  expect(body.changes[0]).toMatchObject({ kind: 'started', light: 'grey' });
});

test('a reminder says for how long', () => {
  const [, notice] = noticesOf([START_MS, BROKEN], [START_MS + 240 * MIN, BROKEN]);
  const message = messageOf(defined(notice), CONTEXT);
  expect(message.subject).toBe('[podips default] Still after 4 h: Queue write failing and 1 more');
  expect(message.body.event).toBe('reminder');
});

test('a suppressed trouble that is over is reported as well', () => {
  const notice = { ...defined(noticesOf([START_MS, BROKEN])[0]), changes: [], heldBack: 1 };
  const message = messageOf({ ...notice, headline: 'All four links work.' }, CONTEXT);
  expect(message.subject).toBe('[podips default] Working again');
  expect(message.text).toContain('The hourly limit suppressed 1 alert before this one.');
});

test('a test says that it is one', () => {
  const { subject, text, body } = testMessage(START_MS, CONTEXT);
  expect(subject).toBe('[podips default] Test of alerts');
  expect(text).toContain('This is a test');
  expect(body.event).toBe('test');
});

const HOSTILE = `x\r\nBcc: all@example.com\r\n\r\n<script>\u0000\u202e<!channel> @here & \ud800${'a'.repeat(900)}`;

test('hostile text stays on its line, is seen as what it is, and has an end', () => {
  const chain = chainOf({ kubernetes: stateOf('kubernetes', 'red', START_MS, HOSTILE) });
  const [notice] = noticesOf([START_MS, chain]);
  const { subject, text, body } = messageOf(defined(notice), { ...CONTEXT, cluster: 'a\r\nTo: b' });
  for (const line of [subject, ...text.split('\n')]) expect(line).not.toMatch(/^\s*(?:Bcc|To):|[\r\0\u202e]/);
  expect(text).toContain('x‹U+000D›‹U+000A›Bcc');
  expect(text.isWellFormed() && text.length < 2_000).toBe(true);
  expect(body.changes[0]?.message).toHaveLength(300);
});

test('Slack gets no mention and no markup', () => {
  const { text } = slackBody({ subject: 's', text: oneLine('<!channel> <http://a|b> @here & more') });
  expect(text).toBe('s\n&lt;!channel&gt; &lt;http://a|b&gt; ＠here &amp; more');
});

test('an undelivered notice is merged into the next', () => {
  const later = chainOf({ log: stateOf('log', 'yellow', START_MS) });
  const [first, second] = noticesOf([START_MS, BROKEN], [START_MS + 6 * MIN, later]);
  const merged = mergeNotices({ ...defined(first), heldBack: 1 }, { ...defined(second), heldBack: 2 });
  expect(merged.changes.map(({ operation, kind }) => `${operation} ${kind}`)).toEqual([
    'queue/write ended',
    'log started',
  ]);
  expect(merged).toMatchObject({ heldBack: 3, atMs: START_MS + 6 * MIN });
  const reminder = {
    ...defined(first),
    changes: defined(first).changes.map((c) => ({ ...c, kind: 'continues' as const })),
  };
  expect(mergeNotices(defined(first), reminder).changes.every(({ kind }) => kind === 'started')).toBe(true);
});

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('no notice');
  return value;
}
