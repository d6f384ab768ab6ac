import type { ValidatorSpec } from 'envalid';
import { toError } from '../errors.js';
import { type ConfigFile, FILE_SETTINGS } from './config-files.js';
import type { SettingSpecs } from './read-settings.js';
import { fileVariableOf, isSecret } from './secrets.js';

/** A setting in words, in Markdown. */
export interface SettingText {
  readonly name: string;
  readonly meaning: string;
  readonly validValues: string;
  readonly defaultValue: string;
  /** The files of podips 1.1 that may have it. */
  readonly files: readonly ConfigFile[];
}

/** Only the validator for any text accepts this; the errors of the others say what is valid. */
const WRONG = '? ?';

/** What a program can be told by its environment, by name. */
export function describeSettings(specs: SettingSpecs, files: readonly ConfigFile[] = []): SettingText[] {
  return Object.entries(specs)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, spec]) => ({
      name,
      meaning: `${spec.desc}${isSecret(spec) ? `; or in a file, \`${fileVariableOf(name)}\`` : ''}`,
      validValues: validValues(spec),
      defaultValue: defaultOf(spec),
      files: files.filter((file) => FILE_SETTINGS[file].includes(name)),
    }));
}

function validValues({ choices, _parse: parse }: ValidatorSpec<unknown>): string {
  if (choices !== undefined) return `one of ${choices.join(', ')}`;
  try {
    parse(WRONG);
    return 'text';
  } catch (err) {
    const rule = toError(err).message.replace(/^must (be|have) (a whole number from )?/, '');
    return rule.split(', but ')[0] ?? rule;
  }
}

function defaultOf(spec: ValidatorSpec<unknown>): string {
  if (!('default' in spec)) return 'required';
  if (spec.default === undefined) return 'none';
  return spec.default === '' ? 'empty' : `\`${spec.default}\``;
}
