import { describe, expect, it } from 'vitest';
import { runInstaller } from './support/installer.js';

describe('wrong arguments are refused before anything is asked:', () => {
  it.each<[string, string[], string]>([
    ['an unknown one', ['--contxt', 'a'], 'unknown: --contxt a; the flags are --overlay, --context'],
    ['one too many', ['trial'], 'unknown: trial; the flags are'],
    ['one without its value', ['--context', '--yes'], '--context needs a value'],
    ['a confirmation without a context', ['--yes'], '--yes needs --context'],
    ['two things at once', ['--upgrade', '--overlay', 'trial', '--uninstall'], 'exclude each other'],
    ['an upgrade without an overlay', ['--upgrade'], '--upgrade needs --overlay'],
    ['a purge without an uninstall', ['--purge'], '--purge is only valid with --uninstall'],
    [
      'an overlay that does not exist',
      ['--overlay', 'nowhere'],
      '--overlay nowhere is neither trial nor production nor a folder',
    ],
    ['no time at all', ['--timeout', '0'], '--timeout must be a whole number from 1 to 120, but is "0"'],
    ['a registry that is none', ['--registry', 'a b'], '--registry must be a registry'],
  ])('%s', async (_what, args, problem) => {
    const { code, output, calls } = await runInstaller(args);
    expect(code).toBe(1);
    expect(output).toContain(problem);
    expect(output).toContain('usage: npm run install:cluster');
    expect(calls).toEqual([]);
  });

  it('all mistakes at once', async () => {
    const { output } = await runInstaller(['--timeout', '1h', '--purge', '--yes', '--registry', '!']);
    for (const flag of ['timeout', 'purge', 'yes', 'registry']) expect(output).toContain(`✗ --${flag} `);
  });

  it('but help and version are no mistakes', async () => {
    const { code, output } = await runInstaller(['--help']);
    expect(code).toBe(0);
    expect(output).toContain('--uninstall');
    expect((await runInstaller(['--version'])).output).toMatch(/^podips installer \d+\.\d+\.\d+$/m);
  });
});
