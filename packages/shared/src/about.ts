import { describeProgram, type ProgramText } from '../flags.mjs';
import type { ConfigFile } from './settings/config-files.js';
import { describeSettings, type SettingText } from './settings/describe-settings.js';
import type { SettingSpecs } from './settings/read-settings.js';

/** What a program is, and how it is called: its `--help` and its section of docs/settings.md. */
export interface About extends ProgramText {
  /** Its environment variables. */
  readonly specs?: SettingSpecs;
  readonly files?: readonly ConfigFile[];
}

const INDENT = '      ';

/** The text of `--help`. @param width of the terminal, in characters */
export function helpOf(about: About, width: number): string {
  const { specs, files = [] } = about;
  const lines = [
    describeProgram(about),
    ...(specs === undefined
      ? []
      : ['', 'Settings are environment variables; docs/settings.md has the same in a table.']),
    ...(files.length === 0
      ? []
      : [`Files of podips 1.1 in CONFIG_DIR come after them: ${files.join(', ')}.`]),
    ...describeSettings(specs ?? {}, files).flatMap((setting) => ['', ...linesOf(setting, width)]),
  ];
  return lines.join('\n');
}

function linesOf({ name, meaning, validValues, defaultValue }: SettingText, width: number): string[] {
  const isOptional = defaultValue !== 'required';
  const values = `${isOptional ? `default: ${defaultValue}` : defaultValue}; ${validValues}`;
  return [`  ${name}`, ...[meaning, values].flatMap((text) => wrap(text.replaceAll('`', ''), width))];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = INDENT;
  for (const word of text.split(' ')) {
    if (line !== INDENT && line.length + word.length >= width) {
      lines.push(line.trimEnd());
      line = INDENT;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
