import type { Operation } from '@podips/shared';
import type { Stage } from './stage.js';

/** Resolves when a fault is felt. */
export type Felt = () => Promise<void>;

/** Something that goes wrong around podips, made on purpose. */
export interface Fault {
  readonly name: string;
  /** The part that it hits, which has only one fault at a time. */
  readonly part: 'api' | 'broker' | 'database' | 'fluentd' | 'monitor' | 'reader' | 'writer' | 'surroundings';
  begin(stage: Stage): Promise<void> | void;
  end(stage: Stage): Promise<void> | void;
  /** The lights that it changes, and their colours while it lasts. */
  readonly lights: Readonly<Partial<Record<Operation, 'red' | 'yellow'>>>;
  /** What the monitor says while it lasts, and the paragraph that it leads to, as `troubleshooting#the-broker-is-down`. */
  readonly headline?: { readonly what: string; readonly help: string };
  /** It is over at once: its lights may change for a moment only. */
  readonly momentary?: true;
  /** Called before the fault begins. Its promise resolves when the fault has an effect, where no light shows one. */
  felt?(stage: Stage): Promise<Felt>;
  /** The cluster forgets what happened: what came and went unseen is named as a gap. */
  readonly forgets?: true;
  /** Never beside others: it hits several parts, takes its time, or needs a stage of its own. */
  readonly alone?: true;
}

export const nothing = () => undefined;
