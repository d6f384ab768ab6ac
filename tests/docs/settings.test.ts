import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileVariableOf, isSecret } from '@podips/shared';
import { describe, expect, it } from 'vitest';
import { PROGRAM_SPECS } from '../deploy/docker/program-specs.js';
import { ROOT, readDocument } from './documents.js';

describe('docs/settings.md', () => {
  const page = readDocument('docs/settings.md');

  it('is what `pnpm settings` writes', () => {
    const script = join(ROOT, 'tools/settings.mjs');
    expect(page.text).toBe(execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' }));
  });

  it('names programs that the build makes', () => {
    const programs = page.spans.flatMap((span) => /^node (\S+\/main\.js)$/.exec(span)?.[1] ?? []);
    expect(programs).toHaveLength(Object.keys(PROGRAM_SPECS).length);
    for (const program of programs) expect(existsSync(join(ROOT, program)), program).toBe(true);
  });

  it.each(Object.entries(PROGRAM_SPECS))('has a row for every setting of %s', (name, specs) => {
    const section = page.text.split('\n## ').find((text) => text.includes(`/${name}/`)) ?? '';
    // Five cells: name, meaning, valid values, default, files. Only the last may be empty.
    const rows = [...section.matchAll(/^\| `(\w+)` \| [^|]+ \| [^|]+ \| [^|]+ \| [^|]* \|$/gm)];
    expect(rows.map(([, variable]) => variable).sort()).toEqual(Object.keys(specs).sort());
  });

  it.each(Object.entries(PROGRAM_SPECS))(
    'names a file for each secret of %s, and no setting like it',
    (_name, specs) => {
      // DB_SSLKEY is, as with libpq, itself the name of a file.
      const secrets = Object.keys(specs).filter((name) =>
        /PASSWORD$|TOKEN$|(?<!DB_SSL)KEY$|_URLS$|DEADMAN_URL|DB_URL/.test(name),
      );
      for (const name of secrets) {
        expect(isSecret(specs[name] ?? {}), name).toBe(true);
        expect(Object.keys(specs)).not.toContain(fileVariableOf(name));
      }
    },
  );
});
