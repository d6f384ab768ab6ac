import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProxy } from '@podips/simulation';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type SampleMonitor, startSampleMonitor } from '../support/sample-monitor.js';

const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/podips.js', import.meta.url));
/** Longer than the bar takes to appear. */
const ANSWER_MS = 500;

let sample: SampleMonitor;
beforeAll(async () => {
  sample = await startSampleMonitor();
});
afterAll(() => sample?.stop());

/** What a command writes to a terminal: `script` of util-linux gives it one. */
async function onTerminal(command: string, env: Record<string, string>): Promise<string> {
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) text += part;
  return text;
}

it('on a terminal a bar shows how far podips annotate is, and is gone before the summary', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'podips-progress-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const slow = await startProxy({ host: '127.0.0.1', port: Number(new URL(sample.monitor.url).port) });
  onTestFinished(() => slow.stop());
  slow.delayMs = ANSWER_MS;
  const [file, output] = [join(dir, 'fw.csv'), join(dir, 'out.csv')];
  writeFileSync(file, 'time,src\n2026-11-20T14:00:00Z,10.64.0.182\n');
  const text = await onTerminal(`'${process.execPath}' '${PROGRAM}' annotate '${file}' > '${output}'`, {
    PODIPS_URL: `http://127.0.0.1:${slow.port}`,
  });
  const [before = '', ...drawn] = text.split('\r\x1b[K');
  expect(before).toBe('');
  expect(drawn.length).toBeGreaterThan(1);
  for (const bar of drawn.slice(0, -1)) expect(bar).toMatch(/^\[#+\.*\] +\d+ % {2}\d+ lines {2}\d+\/s$/);
  expect(drawn.at(-1)).toMatch(/^Read as CSV[\s\S]* 1 {2}of a pod/);
  expect(readFileSync(output, 'utf8')).toContain('web-5cc97bc7d5-228ts');
});
