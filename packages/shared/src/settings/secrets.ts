import { readFileSync } from 'node:fs';
import { toError } from '../errors.js';

/** Declares a setting whose value may also be in a file, which `<NAME>_FILE` names. */
export function secret<T extends object>(spec: T): T {
  return { ...spec, isSecret: true };
}

export function isSecret(spec: object): boolean {
  return 'isSecret' in spec;
}

/** The variable that names the file of a secret. */
export const fileVariableOf = (name: string) => `${name}_FILE`;

/**
 * The content of a secret's file, without the line end that most editors and `echo` leave at its end.
 * @returns a problem when there is none
 */
export function readSecret(path: string): { readonly value: string } | { readonly problem: string } {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? { problem: `must name a file with a value, but ${path} is empty` } : { value };
  } catch (err) {
    return { problem: `cannot be read: ${toError(err).message}` };
  }
}
