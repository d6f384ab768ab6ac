import { OPERATIONS, type Operation } from '@podips/shared';
import { expect, test } from 'vitest';
import { type HeadlineStates, headlineOf } from './headline.js';
import type { Light } from './lights.js';

/** Lights in the order of the chain, as letters: g, y, r, and e for grey. */
function states(letters: string, messages: Partial<Record<Operation, string>> = {}): HeadlineStates {
  const lights: Readonly<Record<string, Light>> = { g: 'green', y: 'yellow', r: 'red', e: 'grey' };
  const state = (operation: Operation) => {
    const light = lights[letters.charAt(OPERATIONS.indexOf(operation))] ?? 'grey';
    if (light === 'grey') return { light, heartbeat: undefined };
    const code = light === 'red' ? 503 : 200;
    return { light, heartbeat: { code, message: messages[operation] ?? (code === 200 ? 'OK' : 'refused') } };
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
    'Nothing has been heard yet. Look whether reader and writer run and know this monitor as PODIPS_HOST.',
  ],
  ['ggee', null, 'Queue read and Fluentd write were never heard of. What was heard of works.'],
  ['egge', null, 'Kubernetes read and Fluentd write were never heard of. What was heard of works.'],
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
    'log',
    'Fluentd write fails: refused (503). Look at Fluentd first. Kubernetes read is silent for a reason of its own.',
  ],
  [
    'yyrr',
    'queue/read',
    'Queue read fails: refused (503). Look at the queue first. Fluentd write fails too. Kubernetes read and queue write are silent for a reason of their own.',
  ],
  [
    'rrrr',
    'kubernetes',
    'Kubernetes read fails: refused (503). Look at the API server and the reader’s access to it first. Queue write, queue read and Fluentd write fail too.',
  ],
  [
    'gree',
    'queue/write',
    'Queue write fails: refused (503). Look at the queue first. Queue read and Fluentd write were never heard of.',
  ],
])('%s: look at %s', (letters, likelyCause, text) => {
  expect(headlineOf(states(letters), 300_000)).toEqual({ text, likelyCause });
});

test('the message is one line of bounded length in which nothing is invisible', () => {
  const told = (message: string) => headlineOf(states('gggr', { log: message }), 300_000).text;
  expect(told('no\r\nlink.\u202e')).toContain('fails: no link.‹U+202E› (503).');
  expect(told('broken.')).toContain('fails: broken (503).');
  expect(told('😀'.repeat(256))).toContain(`fails: ${'😀'.repeat(119)}… (503).`);
});
