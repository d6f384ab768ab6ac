import { describe, expect, it } from 'vitest';
import { runInstaller } from './support/installer.js';

describe('wrong arguments are refused before anything is asked:', () => {
  it.each<[string, string[], string]>([
    ['an unknown one', ['--contxt', 'a'], "Unknown option '--contxt'"],
    ['one too many', ['trial'], "Unexpected argument 'trial'"],
    ['a confirmation without a context', ['--yes'], '--yes needs --context'],
    ['two things at once', ['--upgrade', '--overlay', 'trial', '--uninstall'], 'exclude each other'],
    ['an upgrade without an overlay', ['--upgrade'], '--upgrade needs --overlay'],
    ['a purge without an uninstall', ['--purge'], '--purge is only valid with --uninstall'],
    [
      'an overlay that does not exist',
      ['--overlay', 'nowhere'],
      '--overlay nowhere is neither trial nor production nor a folder',
    ],
    ['no time at all', ['--timeout', '0'], 'must be minutes from 1 to 120'],
    ['a registry that is none', ['--registry', 'a b'], '--registry must be a registry'],
  ])('%s', async (_what, args, problem) => {
    const { code, output, calls } = await runInstaller(args);
    expect(code).toBe(1);
    expect(output).toContain(problem);
    expect(output).toContain('usage: npm run install:cluster');
    expect(calls).toEqual([]);
  });

  it('but help is no mistake', async () => {
    const { code, output } = await runInstaller(['--help']);
    expect(code).toBe(0);
    expect(output).toContain('--uninstall');
  });
});
