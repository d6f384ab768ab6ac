import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readDocument } from './documents.js';

const rows = [...readDocument('docs/guarantees.md').text.matchAll(/^\| (.+?) \| `(.+?)` \| (.+?) \|$/gm)].map(
  ([, guarantee = '', file = '', name = '']) => ({ guarantee, file, name }),
);

describe('docs/guarantees.md', () => {
  it.each(rows)('$guarantee: names a test that exists', ({ file, name }) => {
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(name);
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
