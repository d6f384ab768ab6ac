import type { Asker } from '../ledger/asker.js';
import type { LookupMemory, Moment } from './memory.js';
import type { ScopeOf } from './scopes.js';

/** Who asks, and what is known from earlier questions. */
export interface LookupAsker extends Asker {
  readonly memory: LookupMemory;
}

export interface Known extends LookupAsker {
  readonly scopeOf: ScopeOf;
  readonly moment: Moment;
}
