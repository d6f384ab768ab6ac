import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';

// A process has one exit code and real signals: the module is tried in one, as it was built.
const LIFECYCLE = new URL('../dist/lifecycle.js', import.meta.url).href;
const RESOURCES = new URL('../dist/resources.js', import.meta.url).href;
const VALIDATORS = new URL('../dist/settings/validators.js', import.meta.url).href;
const ERRORS = new URL('../dist/errors.js', import.meta.url).href;

/** A program with `start` as given. */
function launch(start: string, rest = '', args: readonly string[] = []) {
  const script = `
    import { runProgram } from ${JSON.stringify(LIFECYCLE)};
    import { ExitError, SettingsError } from ${JSON.stringify(ERRORS)};
    import { integer } from ${JSON.stringify(VALIDATORS)};
    setInterval(() => undefined, 60_000);
    const never = new Promise(() => undefined);
    const settings = () => ({ logLevel: 'info' });
    const about = { name: 'test', summary: 'tests', command: 'test' };
    await runProgram({ about, settings, start: ${start}, ${rest} });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, '--', 'script', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  return {
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    ended: once(child, 'close').then(() => child.exitCode ?? child.signalCode),
    output: () => lines.join('\n'),
    /** Resolves when the program has written this. */
    said: (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!lines.some((line) => line.includes(text))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

describe('a program', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'stops gracefully at %s and ends with 0',
    async (signal) => {
      const program = launch(
        `async () => { console.log('up'); return { stop: async () => console.log('closed') }; }`,
      );
      await program.said('up');
      program.kill(signal);
      expect(await program.ended).toBe(0);
      expect(program.output()).toMatch(new RegExp(`"reason":"${signal}".*closed.*"msg":"stopped"`, 's'));
    },
  );

  it('that has an end stops by itself and ends with 0', async () => {
    const program = launch(
      `async () => ({ finished: Promise.resolve(), stop: async () => console.log('closed') })`,
    );
    expect(await program.ended).toBe(0);
    expect(program.output()).toMatch(/"reason":"finished".*closed/s);
  });

  it('ends with 1 when it finishes with an error', async () => {
    const program = launch(
      `async () => ({ finished: Promise.reject(new Error('broke')), stop: async () => {} })`,
    );
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('broke');
  });

  it('ends with 1, and says why, when its start fails', async () => {
    const program = launch(`async () => { throw new Error('port 8080 is in use'); }`);
    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(/"level":"fatal".*port 8080 is in use/);
  });

  it('is killed when its stop takes too long, after it has killed its children', async () => {
    const program = launch(
      `async () => {
        process.on('exit', () => console.log('children killed'));
        console.log('up');
        return { stop: () => never };
      }`,
      'stopDeadlineMs: 10',
    );
    await program.said('up');
    program.kill('SIGTERM');
    expect(await program.ended).toBe('SIGKILL');
    expect(program.output()).toMatch(/not stopped within 10 ms.*children killed/s);
  });

  it('ends although the disk holds one of its threads', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'podips-lifecycle-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const program = launch(
      `async () => {
        const { writeFile } = await import('node:fs/promises');
        const written = writeFile(${JSON.stringify(fifo)}, 'nobody reads it');
        console.log('up');
        return { stop: () => written };
      }`,
      'stopDeadlineMs: 10',
    );
    await program.said('up');
    program.kill('SIGTERM');
    expect(await program.ended).toBe('SIGKILL');
  });

  it('is killed when its stop fails, and names each cause', async () => {
    const program = launch(
      `async () => {
        const { Resources } = await import(${JSON.stringify(RESOURCES)});
        const resources = new Resources();
        resources.release('the file', async () => { throw new Error('disk full'); });
        resources.release('the server', async () => { throw new Error('stuck'); });
        console.log('up');
        return { stop: () => resources.disposeAsync() };
      }`,
    );
    await program.said('up');
    program.kill('SIGTERM');
    expect(await program.ended).toBe('SIGKILL');
    expect(program.output()).toContain(
      'graceful stop failed: the server failed to stop: stuck; the file failed to stop: disk full;',
    );
  });

  it('is killed when a part takes too long to stop, which is named', async () => {
    const program = launch(
      `async () => {
        const { Resources } = await import(${JSON.stringify(RESOURCES)});
        const resources = new Resources();
        resources.release('the file', async () => undefined);
        resources.release('the queue', () => never);
        const running = resources.move();
        console.log('up');
        return { stop: () => running.disposeAsync(), get releasing() { return resources.releasing; } };
      }`,
      'stopDeadlineMs: 10',
    );
    await program.said('up');
    program.kill('SIGTERM');
    expect(await program.ended).toBe('SIGKILL');
    expect(program.output()).toContain('not stopped within 10 ms, waiting for the queue;');
  });

  it('ends with 1 and a sentence, without a stack trace, when it did what it could', async () => {
    const program = launch(
      `async () => { console.log('the details'); throw new ExitError('it did not work'); }`,
    );
    expect(await program.ended).toBe(1);
    expect(program.output().split('\n').sort()).toEqual(['test: it did not work', 'the details']);
  });

  it.each([
    [
      '--help',
      /^podips test: tests\n\nusage: test \[flags\].*--loud .*PORT\n +where it listens\n +default: 80; 1 to 9\n?$/s,
    ],
    ['--version', /^podips test \d+\.\d+\.\d+$/],
  ])('answers %s and does nothing else', async (flag, output) => {
    const program = launch(
      'never',
      `settings: () => { throw new Error('read'); },
       about: { name: 'test', summary: 'tests', command: 'test', flags: { loud: { type: 'boolean', desc: 'loudly' } },
         specs: { PORT: integer(1, 9)({ default: 80, desc: 'where it listens' }) } }`,
      [flag],
    );
    expect(await program.ended).toBe(0);
    expect(program.output()).toMatch(output);
  });

  it('is killed at once at a second signal, of whatever kind', async () => {
    const program = launch(
      `async () => { console.log('up'); return { stop: () => { console.log('stopping now'); return never; } }; }`,
      'stopDeadlineMs: 3_600_000',
    );
    await program.said('up');
    program.kill('SIGTERM');
    await program.said('stopping now');
    program.kill('SIGINT');
    expect(await program.ended).toBe('SIGKILL');
  });

  it('is not hurried by SIGHUP, which a terminal that closes sends more than once', async () => {
    const program = launch(
      `async () => {
        const again = new Promise((resolve) => process.once('SIGHUP', resolve));
        console.log('up');
        return { stop: async () => { console.log('stopping now'); await again; console.log('closed'); } };
      }`,
    );
    await program.said('up');
    program.kill('SIGINT');
    await program.said('stopping now');
    program.kill('SIGHUP');
    expect(await program.ended).toBe(0);
    expect(program.output()).toContain('closed');
  });

  it('that gets a signal while it starts stops as soon as it has started', async () => {
    const program = launch(
      `async () => { console.log('starting'); await new Promise((resolve) => process.once('SIGTERM', resolve));
        return { stop: async () => console.log('closed') }; }`,
    );
    await program.said('starting');
    program.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    expect(program.output()).toContain('closed');
  });
});

it('a program logs lines for people where its output is a terminal', async () => {
  const program = launch(
    `async () => ({ finished: Promise.resolve(), stop: async () => undefined })`,
    `settings: () => {
      Object.assign(process.stdout, { isTTY: true, hasColors: () => false });
      return { logLevel: 'info' };
    }`,
  );
  expect(await program.ended).toBe(0);
  expect(program.output()).toMatch(
    /^\[\d\d:\d\d:\d\d\] INFO: test: stopping \{"reason":"finished"\}\n\[\S+\] INFO: test: stopped$/,
  );
});

describe('settings', () => {
  it('that are wrong end the program with 1 and a message that lists all of them', async () => {
    const program = launch(
      'never',
      `settings: () => { throw new SettingsError(['A is required', 'B must be true or false']); }`,
    );
    expect(await program.ended).toBe(1);
    expect(program.output()).toBe('test: wrong settings:\n  - A is required\n  - B must be true or false');
  });

  it('that prove wrong later are reported in the same way', async () => {
    const program = launch('never', `settings: async () => { throw new SettingsError(['A is taken']); }`);
    expect(await program.ended).toBe(1);
    expect(program.output()).toBe('test: wrong settings:\n  - A is taken');
  });

  it('whose reading fails for another reason show the error, because it is a bug', async () => {
    const program = launch('never', `settings: () => { throw new TypeError('bug'); }`);
    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('TypeError: bug');
  });
});
