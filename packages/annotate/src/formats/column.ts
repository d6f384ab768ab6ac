import { AnnotateError } from '../problem.js';
import { fromFileText, isNothing, toFileText } from './format.js';

/** A place of values in a file: a column, or a field of objects, with some of its values. */
export interface Column {
  /** As it stands in the file; a number from 1 where columns have no names. */
  readonly name: string;
  readonly values: readonly string[];
}

/** @param option that names it @throws {AnnotateError} when it is not there */
export function columnNamed(name: string, columns: readonly Column[], option: string): Column {
  const text = toFileText(name);
  const found =
    columns.find((column) => column.name === text) ??
    columns.find((column) => column.name.trim().toLowerCase() === text.trim().toLowerCase()) ??
    (/^\d+$/.test(name) ? columns[Number(name) - 1] : undefined);
  if (found === undefined)
    throw new AnnotateError(
      'input',
      `--${option}: there is no column ${quote(name)}; there are ${listOf(columns)}`,
    );
  return found;
}

/** Whether it has such values, and they are at least half of those that it has. */
export function isMostly(column: Column, isIt: (value: string) => boolean): boolean {
  const values = filled(column);
  const count = values.filter(isIt).length;
  return count > 0 && count * 2 >= values.length;
}

/** The values that are there. */
export function filled({ values }: Column): string[] {
  return values.filter((value) => !isNothing(value));
}

/** Their names, for people. */
export function listOf(columns: readonly Column[]): string {
  const names = columns.slice(0, 30).map(nameOf);
  return `${names.join(', ')}${columns.length > names.length ? ' and others' : ''}`;
}

/** Its name, for people. */
export function nameOf({ name }: Column): string {
  return fromFileText(name);
}

/** A value, for people. */
export function quote(text: string): string {
  return JSON.stringify(fromFileText(text).slice(0, 60));
}
