import { describe, expect, it } from 'vitest';
import { readFlags } from '../flags.mjs';

const TABLE = {
  chaos: { type: 'boolean', desc: '' },
  rate: { type: 'whole', min: 1, max: 500, default: 5, desc: '' },
  minutes: { type: 'number', default: 2, desc: '' },
  only: { type: 'choice', choices: ['a', 'b'], multiple: true, desc: '' },
  name: { type: 'text', desc: '' },
} as const;

describe('a command line', () => {
  it('gives each flag its value, or its default', () => {
    expect(readFlags([], TABLE)).toEqual({
      values: { chaos: false, rate: 5, minutes: 2, only: undefined, name: undefined },
      problems: [],
    });
    const args = ['--chaos', '--rate=7', '--minutes', '0.5', '--only', 'a', '--only=b', '--name', 'x=y'];
    expect(readFlags(args, TABLE)).toEqual({
      values: { chaos: true, rate: 7, minutes: 0.5, only: ['a', 'b'], name: 'x=y' },
      problems: [],
    });
  });

  it('has all of its mistakes reported at once', () => {
    const args = [
      'chaos',
      '--chaos=no',
      '--rate',
      '501',
      '--minutes',
      '-1',
      '--only',
      'c',
      '--nam',
      'x',
      '--name',
    ];
    expect(readFlags(args, TABLE).problems).toEqual([
      '--chaos takes no value',
      '--rate must be a whole number from 1 to 500, but is "501"',
      '--minutes must be a number above 0, but is "-1"',
      '--only must be one of a, b, but is "c"',
      '--name needs a value',
      'unknown: chaos --nam x; the flags are --chaos, --rate, --minutes, --only, --name, --help, --version',
    ]);
  });

  it('takes no other flag for a value', () => {
    expect(readFlags(['--name', '--chaos'], TABLE).problems).toEqual(['--name needs a value']);
    expect(readFlags(['--name=--chaos'], TABLE).values.name).toBe('--chaos');
  });

  it('knows no flag by the name of what every object has', () => {
    expect(readFlags(['--constructor'], {}).problems[0]).toBe(
      'unknown: --constructor; the flags are --help, --version',
    );
  });
});
