import type { Asker } from '../ledger/asker.js';
import type { Coverage } from '../ledger/coverage.js';
import type { LookupMemory } from './memory.js';
import type { ScopeOf } from './scopes.js';

/** Who asks, and what is known from earlier questions. */
export interface LookupAsker extends Asker {
  readonly memory: LookupMemory;
}

export interface Known extends LookupAsker {
  readonly scopeOf: ScopeOf;
}

export interface Covered extends Known {
  readonly coverage: readonly Coverage[];
}
