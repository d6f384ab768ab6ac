import { OPERATIONS, type Operation } from '@podips/shared';
import { expect, test } from 'vitest';
import type { Light } from '../status/lights.js';
import { type HeadlineStates, headlineOf } from './headline.js';

/** Lights in the order of the chain, as letters: g, y, r, e for grey, m for one whose heartbeats were missed, and R for red without further heartbeats. */
function states(letters: string, messages: Partial<Record<Operation, string>> = {}): HeadlineStates {
  const lights: Readonly<Record<string, Light>> = { g: 'green', y: 'yellow', r: 'red', e: 'grey' };
  const state = (operation: Operation) => {
    const letter = letters.charAt(OPERATIONS.indexOf(operation));
    const light = lights[letter.toLowerCase()] ?? 'grey';
    if (letter === 'e') return { light, heartbeat: undefined, ageMs: 0 };
    const code = light === 'red' ? 503 : 200;
    const message = messages[operation] ?? (code === 200 ? 'OK' : 'refused');
    const isStale = light === 'yellow' || letter === 'R';
    return { light, heartbeat: { code, message }, ageMs: isStale ? 86_400_000 : 1_000 };
  };
  return {
    kubernetes: state('kubernetes'),
    'queue/write': state('queue/write'),
    'queue/read': state('queue/read'),
    log: state('log'),
  };
}

test.each<[string, Operation | null, string]>([
  ['gggg', null, 'All four links work.'],
  [
    'eeee',
    null,
    'No heartbeat received yet. Check that reader and writer run and that their PODIPS_HOST is this monitor.',
  ],
  ['ggee', null, 'Queue read and Fluentd write have never reported. Everything else works.'],
  ['egge', null, 'Kubernetes read and Fluentd write have never reported. Everything else works.'],
  [
    'gmgm',
    null,
    'Queue write and Fluentd write are not known yet: the monitor was not running or stood still, or its clock was set ahead; it waits for the next reports.',
  ],
  [
    'rgem',
    'kubernetes',
    'Kubernetes read fails: refused (503). Look at the API server and the reader’s access to it first. Queue read has never reported. Fluentd write is not known yet: the monitor was not running or stood still, or its clock was set ahead; it waits for the next reports.',
  ],
  // One light is out.
  [
    'rggg',
    'kubernetes',
    'Kubernetes read fails: refused (503). Look at the API server and the reader’s access to it first.',
  ],
  ['grgg', 'queue/write', 'Queue write fails: refused (503). Look at the queue first.'],
  ['ggrg', 'queue/read', 'Queue read fails: refused (503). Look at the queue first.'],
  ['gggr', 'log', 'Fluentd write fails: refused (503). Look at Fluentd first.'],
  ['yggg', 'kubernetes', 'Kubernetes read has been silent for more than 5 min. Look at the reader first.'],
  ['gggy', 'log', 'Fluentd write has been silent for more than 5 min. Look at the writer first.'],
  // Silence follows from what is before it in the chain.
  [
    'gryy',
    'queue/write',
    'Queue write fails: refused (503). Look at the queue first; queue read and Fluentd write follow from it.',
  ],
  [
    'ryyy',
    'kubernetes',
    'Kubernetes read fails: refused (503). Look at the API server and the reader’s access to it first; queue write, queue read and Fluentd write follow from it.',
  ],
  [
    'ggry',
    'queue/read',
    'Queue read fails: refused (503). Look at the queue first; Fluentd write follows from it.',
  ],
  [
    'yyyy',
    'kubernetes',
    'Kubernetes read has been silent for more than 5 min. Look at the reader first; queue write, queue read and Fluentd write follow from it.',
  ],
  [
    'ggyy',
    'queue/read',
    'Queue read has been silent for more than 5 min. Look at the writer first; Fluentd write follows from it.',
  ],
  // A service that cannot hand on takes nothing more.
  ['ggyr', 'log', 'Fluentd write fails: refused (503). Look at Fluentd first; queue read follows from it.'],
  [
    'yrgg',
    'queue/write',
    'Queue write fails: refused (503). Look at the queue first; Kubernetes read follows from it.',
  ],
  // Writing to the queue and reading from it share the broker.
  [
    'grrg',
    'queue/write',
    'The broker seems to be down, queue write and queue read both fail: refused (503). Look at the queue first.',
  ],
  [
    'grry',
    'queue/write',
    'The broker seems to be down, queue write and queue read both fail: refused (503). Look at the queue first; Fluentd write follows from it.',
  ],
  // Failures do not follow from each other, and nothing follows from what comes later.
  [
    'rggr',
    'kubernetes',
    'Kubernetes read fails: refused (503). Look at the API server and the reader’s access to it first. Fluentd write fails too.',
  ],
  [
    'yggr',
    'kubernetes',
    'Kubernetes read has been silent for more than 5 min. Look at the reader first. Fluentd write fails too.',
  ],
  [
    'yyrr',
    'kubernetes',
    'Kubernetes read has been silent for more than 5 min. Look at the reader first; queue write follows from it. Queue read and Fluentd write fail too.',
  ],
  [
    'yygr',
    'kubernetes',
    'Kubernetes read has been silent for more than 5 min. Look at the reader first; queue write follows from it. Fluentd write fails too.',
  ],
  [
    'gyrg',
    'queue/write',
    'Queue write has been silent for more than 5 min. Look at the reader first. Queue read fails too.',
  ],
  // A failure without further heartbeats says little about now.
  [
    'gggR',
    'log',
    'Fluentd write failed: refused (503), and has been silent for 1 d. Look at the writer first.',
  ],
  [
    'ggyR',
    'log',
    'Fluentd write failed: refused (503), and has been silent for 1 d. Look at the writer first; queue read follows from it.',
  ],
  [
    'RgyR',
    'kubernetes',
    'Kubernetes read failed: refused (503), and has been silent for 1 d. Look at the reader first; queue read follows from it. Fluentd write failed in its last heartbeat.',
  ],
  [
    'gRRg',
    'queue/write',
    'Queue write failed: refused (503), and has been silent for 1 d. Look at the reader first. Queue read failed in its last heartbeat.',
  ],
  [
    'rrrr',
    'kubernetes',
    'Kubernetes read fails: refused (503). Look at the API server and the reader’s access to it first. Queue write, queue read and Fluentd write fail too.',
  ],
  [
    'gree',
    'queue/write',
    'Queue write fails: refused (503). Look at the queue first. Queue read and Fluentd write have never reported.',
  ],
])('%s: look at %s', (letters, likelyCause, text) => {
  expect(headlineOf(states(letters), 300_000)).toEqual({ text, likelyCause });
});

test.each<[string, Light, string, Operation | 'ledger' | null, string]>([
  ['gggg', 'green', '', null, 'All four links and the ledger work.'],
  [
    'gggg',
    'red',
    'the database refuses the login',
    'ledger',
    'The ledger cannot be used: the database refuses the login. Look at the database first.',
  ],
  [
    'gggg',
    'yellow',
    'migration running for 3 min',
    'ledger',
    'The ledger is behind: migration running for 3 min. Look at the reader and the database first.',
  ],
  [
    'gggr',
    'red',
    'read-only',
    'log',
    'Fluentd write fails: refused (503). Look at Fluentd first. The ledger fails too.',
  ],
])('%s and a ledger that is %s (%s): look at %s', (letters, light, message, likelyCause, text) => {
  const ledger = { light, heartbeat: { code: light === 'red' ? 503 : 200, message }, ageMs: 0 };
  expect(headlineOf({ ...states(letters), ledger }, 300_000)).toEqual({ text, likelyCause });
});

test('a light that is yellow early is so because messages wait', () => {
  const quiet = states('ggyg');
  const early = { ...quiet, 'queue/read': { ...quiet['queue/read'], ageMs: 40_000 } };
  expect(headlineOf(early, 300_000).text).toBe(
    'Queue read is silent although messages wait. Look at the writer first.',
  );
});

test('a light that is silent because its service fails at a muted one is not called the cause', () => {
  const headline = headlineOf(states('ggyr'), 300_000, new Set(['log']));
  expect(headline).toEqual({
    text: 'Fluentd write is in maintenance. Queue read is silent.',
    likelyCause: null,
  });
});

test('nothing else is said to work where nothing does', () => {
  const { text } = headlineOf(states('reee'), 300_000, new Set(['kubernetes']));
  expect(text).toBe(
    'Kubernetes read is in maintenance. Queue write, queue read and Fluentd write have never reported.',
  );
});

test('the message is one line of bounded length in which nothing is invisible', () => {
  const textOf = (message: string) => headlineOf(states('gggr', { log: message }), 300_000).text;
  expect(textOf('no\r\nlink.\u202e')).toContain('fails: no link.‹U+202E› (503).');
  expect(textOf('broken.')).toContain('fails: broken (503).');
  expect(textOf('😀'.repeat(256))).toContain(`fails: ${'😀'.repeat(119)}… (503).`);
});
