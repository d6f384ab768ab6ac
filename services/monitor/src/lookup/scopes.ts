import { type Coverage, knownUntil } from '../ledger/coverage.js';

/** What is known of the clusters of a question. */
export interface Scope {
  readonly coverage: readonly Coverage[];
  readonly knownUntil: (cluster: string) => number;
  /** Up to then the changes of all of them are known. */
  readonly allKnownUntilMs: number;
  /** There is no such cluster, in a sentence. */
  readonly problem: string | undefined;
}

/** Most clusters that are named in a sentence. */
const MAX_NAMED = 20;

export type ScopeOf = (cluster: string | undefined) => Scope;

export function createScopes(all: readonly Coverage[]): ScopeOf {
  const scopes = new Map<string | undefined, Scope>();
  return (wanted) => {
    const made = scopes.get(wanted);
    if (made !== undefined) return made;
    const coverage = wanted === undefined ? all : all.filter(({ cluster }) => cluster === wanted);
    const allKnownUntilMs =
      coverage.length === 0
        ? Number.NEGATIVE_INFINITY
        : Math.min(...coverage.map(({ knownUntilMs }) => knownUntilMs));
    const scope = {
      coverage,
      knownUntil: knownUntil(coverage),
      allKnownUntilMs,
      problem: coverage.length === 0 && all.length > 0 ? problemOf(wanted ?? '', all) : undefined,
    };
    scopes.set(wanted, scope);
    return scope;
  };
}

function problemOf(wanted: string, all: readonly Coverage[]): string {
  const names = all.slice(0, MAX_NAMED).map(({ cluster }) => cluster);
  return `The ledger has no cluster ${JSON.stringify(wanted)}: those are ${names.join(', ')}.`;
}
