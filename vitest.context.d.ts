import 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** How many random cases a property is tried with. */
    readonly propertyRuns: number;
  }
}
