import { readAddress } from '../address.js';
import { AnnotateError, NoColumnError } from '../problem.js';
import { type Column, columnNamed, filled, isMostly, listOf, nameOf, quote } from './column.js';
import type { FormatOptions } from './format.js';
import { findTime } from './time-column.js';

export interface Roles {
  readonly addresses: readonly Column[];
  /** Those whose values, with a space between, are the time; empty when the time is given. */
  readonly time: readonly Column[];
}

/**
 * Finds the columns of addresses and the time by their values, and by their names where several may be the time.
 * @param isNamed false when their names are only numbers
 * @throws {AnnotateError} when one that is named is not there, or not what it should be; when there is none
 */
export function findRoles(columns: readonly Column[], options: FormatOptions, isNamed = true): Roles {
  return { addresses: findAddresses(columns, options), time: findTime(columns, options, isNamed) };
}

function findAddresses(columns: readonly Column[], { ip }: FormatOptions): readonly Column[] {
  const named = ip?.map((name) => columnNamed(name, columns, 'ip'));
  for (const column of named ?? []) {
    const [first] = filled(column);
    if (first !== undefined && !filled(column).some((value) => readAddress(value) !== undefined))
      throw new AnnotateError('input', `column ${nameOf(column)} has no addresses, but ${quote(first)}`);
  }
  const found =
    named ?? columns.filter((column) => isMostly(column, (value) => readAddress(value) !== undefined));
  if (found.length === 0) throw new NoColumnError(`no column has addresses; there are ${listOf(columns)}`);
  return found;
}
