import { buildMessage } from '@podips/shared';
import { describe, expect, it } from 'vitest';
import { blocksOf, readDocument } from './documents.js';

describe('the README', () => {
  const readme = readDocument('README.md');

  it('shows a message with the fields of a real one, in their order', () => {
    const [shown = ''] = blocksOf(readme, 'json');
    expect(Object.keys(JSON.parse(shown))).toEqual(Object.keys(realMessage()));
  });

  it('is short enough to be read', () => {
    expect(readme.text.split('\n').length).toBeLessThanOrEqual(251);
  });
});

function realMessage(): object {
  const pod = {
    uid: '',
    namespace: '',
    name: '',
    ownerKind: '',
    ownerName: '',
    node: '',
    hostNetwork: false,
  };
  const facts = { pod, ip: '', status: 'allocated', occurrence: 0, inferred: false } as const;
  const times = { at: new Date(0), observedAt: new Date(0), uncertaintyMs: 0 };
  return buildMessage({ ...facts, ...times }, { hostname: '', dc: '' });
}
