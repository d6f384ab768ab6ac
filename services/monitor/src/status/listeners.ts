import { type Logger, toError } from '@podips/shared';
import type { LightId } from './statuses.js';

export interface Listeners<T> {
  add(listener: (event: T) => void): void;
  call(event: T): void;
}

/** Listeners of which one that throws is logged and affects no other. */
export function createListeners<T extends { readonly operation: LightId }>(log: Logger): Listeners<T> {
  const listeners: ((event: T) => void)[] = [];
  return {
    add: (listener) => void listeners.push(listener),
    call(event) {
      for (const listener of listeners)
        try {
          listener(event);
        } catch (err) {
          log.error({ err: toError(err), operation: event.operation }, 'listener to lights failed');
        }
    },
  };
}
