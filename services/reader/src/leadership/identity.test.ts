import { expect, it } from 'vitest';
import { createIdentity } from './identity.js';

it('stays the same for a container that is restarted in its pod', () => {
  expect(createIdentity('podips-reader-1', 'uid-1')).toBe(createIdentity('podips-reader-1', 'uid-1'));
  expect(createIdentity('podips-reader-1', 'uid-1')).not.toBe(createIdentity('podips-reader-1', 'uid-2'));
});

it('is that of one process where no pod is known', () => {
  expect(createIdentity('laptop', undefined)).not.toBe(createIdentity('laptop', undefined));
});
