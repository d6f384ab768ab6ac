import { CliError, EXIT } from './exit.js';

/** A lease, as far as it is shown. */
export interface Lease {
  readonly namespace: string;
  readonly pod: string;
  readonly ip: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

export interface LeasesAnswer {
  readonly answer: string;
  readonly certain: boolean;
  readonly leases: readonly Lease[];
  readonly candidates: readonly Lease[];
  readonly notes: readonly string[];
  readonly more: boolean;
}

/**
 * An answer of the monitor as an object.
 * @param lists fields that must be arrays
 * @throws {CliError} when it is something else: it comes from another program, or another version
 */
export function checked<T extends object>(answer: unknown, lists: readonly (keyof T & string)[]): T {
  const isObject = typeof answer === 'object' && answer !== null;
  if (!isObject || !lists.every((name) => Array.isArray(Reflect.get(answer, name))))
    throw new CliError(EXIT.unreachable, 'the answer is not one of a podips monitor of this version');
  // Its lists are there; the rest is only shown.
  return answer as T;
}
