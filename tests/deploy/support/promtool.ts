import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs Prometheus' promtool with files in a folder of their own.
 * @param files contents by name; JSON is YAML, too
 * @returns what it complains about, with its exit code; empty when it does not
 * @throws when Debian's package `prometheus` is not installed
 */
export function promtool(args: readonly string[], files: Record<string, object> = {}, input = ''): string {
  const dir = mkdtempSync(join(tmpdir(), 'podips-promtool-'));
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(join(dir, name), JSON.stringify(content));
    const { status, error, stdout, stderr } = spawnSync('promtool', args, {
      cwd: dir,
      input,
      encoding: 'utf8',
    });
    if (error)
      throw new Error('promtool is missing: install Debian\'s package "prometheus"', { cause: error });
    return status === 0 ? '' : `${status}: ${stdout}${stderr}`;
  } finally {
    rmSync(dir, { recursive: true });
  }
}
