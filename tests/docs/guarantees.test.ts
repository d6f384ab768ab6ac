import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readDocument } from './documents.js';

const rows = [...readDocument('docs/guarantees.md').text.matchAll(/^\| (.+?) \| `(.+?)` \| (.+?) \|$/gm)].map(
  ([, guarantee = '', file = '', name = '']) => ({ guarantee, file, name }),
);

/** The names that a file of tests gives them, outside of its comments. */
function namesOf(file: string): string[] {
  const code = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '');
  const calls = /(?:\b(?:it|test|describe)|\))\(\s*(['"`])(.+?)\1,/g;
  return [...code.matchAll(calls)].map(([, , name = '']) => name);
}

describe('docs/guarantees.md', () => {
  it.each(rows)('$guarantee: names a test that exists', ({ file, name }) => {
    expect(namesOf(file).join('\n')).toContain(name);
  });

  it.each(['Why nothing is lost', 'The ledger', 'Two readers'])(
    'has a row for each claim under "%s" in ARCHITECTURE.md',
    (heading) => {
      const { text } = readDocument('ARCHITECTURE.md');
      const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
      const claims = [...section.matchAll(/^- (\*\*[^*]+\*\*)/gm)].map(([, claim]) => claim);
      expect(claims.length).toBeGreaterThan(1);
      for (const claim of claims) expect(rows.map(({ guarantee }) => guarantee).join('\n')).toContain(claim);
    },
  );
});
