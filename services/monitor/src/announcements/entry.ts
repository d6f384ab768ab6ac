import type { LightId } from '../status/statuses.js';

/** An announcement for everybody who looks at the page, or a planned maintenance, in which alerts are muted. */
export interface Entry {
  /** Its own in the file. */
  readonly id: string;
  readonly kind: 'announcement' | 'maintenance';
  readonly title: string;
  /** Empty: the title says all. */
  readonly text: string;
  /** Undefined: since ever. */
  readonly fromMs: number | undefined;
  /** Undefined: until it is removed. */
  readonly toMs: number | undefined;
  /** The lights about which no alerts are sent in a maintenance; undefined: all of them, and workloads. */
  readonly lights: readonly LightId[] | undefined;
}

/** Where a moment is in the time of an entry. */
export type Phase = 'planned' | 'now' | 'over';
