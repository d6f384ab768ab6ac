import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asOtherThanRoot, startPostgres } from '@podips/simulation';
import { expect, it, onTestFinished, vi } from 'vitest';

const SIMULATION = import.meta.resolve('@podips/simulation');

/** A folder for temporary files with a space in its path, and a locale that is installed nowhere. */
function useOddSurroundings(): string {
  const temp = mkdtempSync(join(tmpdir(), 'podips odd '));
  onTestFinished(() => rmSync(temp, { recursive: true }));
  vi.stubEnv('TMPDIR', temp);
  vi.stubEnv('LANG', 'xx_XX.UTF-8');
  vi.stubEnv('LC_ALL', 'xx_XX.UTF-8');
  onTestFinished(() => void vi.unstubAllEnvs());
  return temp;
}

it('starts below a TMPDIR that only its owner can enter, whatever the locale, and leaves nothing there', async () => {
  const temp = useOddSurroundings();
  const postgres = await startPostgres();
  expect(readdirSync(temp)).toHaveLength(1);
  await postgres.destroy();
  expect(readdirSync(temp)).toEqual([]);
});

it('starts for a user who is not root', async () => {
  chmodSync(useOddSurroundings(), 0o777);
  const script = `
    const { startPostgres } = await import(${JSON.stringify(SIMULATION)});
    const postgres = await startPostgres();
    await postgres.destroy();
    console.log(process.getuid() > 0);
  `;
  const [program = '', ...args] = asOtherThanRoot([process.execPath, '--input-type=module', '-e', script]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  await once(child, 'close');
  expect(output).toBe('true\n');
});

it('says at once and in one sentence why it does not start', async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.destroy());
  await expect(postgres.start()).rejects.toThrow(
    /^PostgreSQL does not start: .*lock file "postmaster.pid" already exists$/,
  );
});
