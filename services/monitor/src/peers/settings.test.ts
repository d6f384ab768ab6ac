import { readSettings, SettingsError } from '@podips/shared';
import { expect, test } from 'vitest';
import { peerSettings, peerSpecs } from './settings.js';

const read = (env: Record<string, string>) => peerSettings(readSettings({ specs: peerSpecs, env }));

test('no others are the default', () => {
  expect(read({})).toEqual({ peers: [], intervalMs: 10_000 });
});

test('monitors have a name, a URL and sometimes a login, which is no part of the URL', () => {
  const list = 'north=http://monitor:8080, south one=https://me:p%40ss%2C%3D@example.org/podips/,';
  expect(read({ OTHER_MONITORS: list }).peers).toEqual([
    { name: 'north', url: 'http://monitor:8080', authorization: undefined },
    {
      name: 'south one',
      url: 'https://example.org/podips',
      authorization: `Basic ${Buffer.from('me:p@ss,=').toString('base64')}`,
    },
  ]);
});

test.each([
  ['http://me:secret@monitor', 'entry 1 has no name'],
  ['=http://me:secret@monitor', 'entry 1 has no name'],
  ['a=http://monitor,b', 'entry 2 has no name'],
  ['a=ftp://me:secret@monitor', 'a has no http(s) URL'],
  ['a=javascript:alert("secret")', 'a has no http(s) URL'],
  ['a=secret', 'a has no http(s) URL'],
  ['a=http://me:secret%zz@monitor', 'logins, but that of a is none'],
  ['a=http://x,a=http://y', 'a name of its own'],
  [Array.from({ length: 51 }, (_, n) => `m${n}=http://m${n}`).join(), 'at most 50'],
])('%j is wrong, and no secret is repeated', (list, problem) => {
  const wrong = () => read({ OTHER_MONITORS: list });
  expect(wrong).toThrow(SettingsError);
  expect(wrong).toThrow(problem);
  expect(wrong).not.toThrow(/secret/);
});
