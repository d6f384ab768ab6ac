import { expect, test } from 'vitest';
import { AnnouncementsError, parseAnnouncements } from './parse-announcements.js';

const GOOD = `
# Shown on the dashboard.
announcements:
  - id: move
    title: The reader moves on Friday
maintenance:
  - id: broker-upgrade
    title: The broker is upgraded
    text: |
      Messages wait in the outbox.
    from: 2026-12-01T22:00:00Z
    to: 2026-12-01 23:30+01:00
    lights: [queue/read, queue/write]
`;

const MOVE = {
  id: 'move',
  kind: 'announcement',
  title: 'The reader moves on Friday',
  text: '',
  fromMs: undefined,
  toMs: undefined,
  lights: undefined,
};

test('announcements and maintenance are read from YAML, and from JSON', () => {
  expect(parseAnnouncements(GOOD)).toEqual([
    MOVE,
    {
      id: 'broker-upgrade',
      kind: 'maintenance',
      title: 'The broker is upgraded',
      text: 'Messages wait in the outbox.',
      fromMs: Date.UTC(2026, 11, 1, 22),
      toMs: Date.UTC(2026, 11, 1, 22, 30),
      lights: ['queue/write', 'queue/read'],
    },
  ]);
  expect(
    parseAnnouncements('{"announcements": [{"id": "move", "title": "The reader moves on Friday"}]}'),
  ).toEqual([MOVE]);
});

test.each([[''], ['\n'], ['# nothing yet'], ['announcements:\nmaintenance:'], ['{}']])(
  '%j has none',
  (text) => {
    expect(parseAnnouncements(text)).toEqual([]);
  },
);

function problemsOf(text: string): readonly string[] {
  try {
    parseAnnouncements(text);
  } catch (err) {
    if (err instanceof AnnouncementsError) return err.problems;
    throw err;
  }
  return [];
}

const window = (fields: string) => `maintenance:\n  - {id: up, title: Upgrade, ${fields}}`;
const TIMES = 'from: 2026-12-01T22:00:00Z, to: 2026-12-01T23:00:00Z';

test.each<[string, readonly string[]]>([
  [
    'a: [1',
    [
      'the file must be YAML or JSON, but has a mistake in line 1: unexpected end of the stream within a flow collection',
    ],
  ],
  ['just text', ['the file must have the lists "announcements" and "maintenance"']],
  ['---\n{}\n---\n{}', ['the file must be one document, without "---" in it']],
  ['windows: []', ['the file: there is no "windows" here; known are announcements, maintenance']],
  ['maintenance: soon', ['maintenance must be a list']],
  ['maintenance: [soon]', ['maintenance 1 must have an id and a title']],
  [
    window('from: 2026-12-01T22:00:00Z'),
    ['maintenance 1 ("up"): to must be a time with its zone, for example 2026-12-01T22:00:00Z'],
  ],
  [
    window('from: 2026-12-01 22:00, to: 2026-02-31T22:00:00Z'),
    ['from', 'to'].map(
      (field) =>
        `maintenance 1 ("up"): ${field} must be a time with its zone, for example 2026-12-01T22:00:00Z`,
    ),
  ],
  [
    window('from: 0000-01-01T00:00:00+05:00, to: 9999-12-31T23:30:00-01:00'),
    ['from', 'to'].map(
      (field) =>
        `maintenance 1 ("up"): ${field} must be a time with its zone, for example 2026-12-01T22:00:00Z`,
    ),
  ],
  [
    window('from: 2026-12-01T23:00:00Z, to: 2026-12-01T23:00:00Z'),
    ['maintenance 1 ("up"): to must be later than from'],
  ],
  [
    window(`${TIMES}, lights: [queue]`),
    [
      'maintenance 1 ("up"): lights must be a list of some of kubernetes, queue/write, queue/read, log, ledger; without it, all are meant',
    ],
  ],
  [
    window(`${TIMES}, mute: false`),
    ['maintenance 1 ("up"): there is no "mute" here; known are id, title, text, from, to, lights'],
  ],
  [
    'announcements:\n  - {id: a, title: One}\n  - {id: 7, title: ""}\n  - {id: a, title: Two}',
    [
      'announcement 2: id must be 1 to 64 letters, digits and . _ -, in quotes if it is a number',
      'announcement 2: title must be a text of 1 to 200 characters',
      'id "a" must be that of one entry only',
    ],
  ],
  [
    `announcements:\n${Array.from({ length: 201 }, (_, index) => `  - {id: a${index}, title: x}`).join('\n')}`,
    ['the file must have at most 200 entries, but has 201'],
  ],
])('%j is refused with every mistake, its entry, and what would be right', (text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

test('of very many mistakes the first are named', () => {
  const entries = Array.from({ length: 150 }, (_, index) => `  - {id: a${index}, title: ""}`).join('\n');
  const problems = problemsOf(`announcements:\n${entries}`);
  expect(problems).toHaveLength(21);
  expect(problems.at(-1)).toBe('130 more');
});
