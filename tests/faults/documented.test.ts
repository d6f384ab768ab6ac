import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ALL_FAULTS } from './index.js';

const PAGE = new URL('../../docs/failures.md', import.meta.url);

it('makes every failure that the page for operators speaks of, and no other', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| failure |'))
    .map((line) => line.split('|')[1]?.trim());
  expect(rows.toSorted()).toEqual(ALL_FAULTS.map(({ name }) => name).toSorted());
});
