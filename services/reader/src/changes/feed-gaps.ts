import type { CatchUp } from './catch-up.js';
import { type Gap, gapBetween } from './entry.js';
import type { ReaderClock } from './reader-clock.js';
import type { Timeline } from './timeline.js';

export interface FeedGapsDeps {
  readonly clock: Pick<ReaderClock, 'now' | 'takeJumps'>;
  /** Since when the ledger needs a gap, because of what is published out of order or not kept for it; undefined without one. */
  readonly outOfOrder: { readonly since: Date | undefined } | undefined;
  readonly onGap: (gap: Gap) => void;
  /** The name of this feed; only of several. */
  readonly feed?: string;
}

/** The times of which a feed cannot know everything. */
export class FeedGaps {
  readonly #deps: FeedGapsDeps;
  readonly #catchUp: CatchUp;
  readonly #timeline: Timeline;
  /** Of jumps of the clock; not in the log yet. */
  #jumped: Gap[] = [];

  constructor(deps: FeedGapsDeps, catchUp: CatchUp, timeline: Timeline) {
    this.#deps = deps;
    this.#catchUp = catchUp;
    this.#timeline = timeline;
  }

  /** Those of jumps of the clock that are not in the log yet. */
  get jumped(): readonly Gap[] {
    return this.#jumped;
  }

  /** @returns whether the clock was set since the last call */
  noteJumps(): boolean {
    const jumps = this.#deps.clock.takeJumps();
    this.#jumped.push(...jumps.map(({ from, to }) => this.between(from, to, 'clock')));
    return jumps.length > 0;
  }

  /** All that is in `jumped` is in the log. */
  appended(): void {
    this.#jumped = [];
  }

  /** All that happened before the list or the watch is published now: what was incomplete or out of order is a gap. */
  caughtUp(): Gap[] {
    const { feed = '', outOfOrder, clock } = this.#deps;
    const gap = this.#catchUp.caughtUp(feed, outOfOrder?.since);
    return gap ? [this.between(gap.startedAt, this.#timeline.next(clock.now()), gap.reason)] : [];
  }

  /** Names a gap, which has to be appended to the log. */
  between(from: Date | undefined, to: Date, reason: string): Gap {
    const gap = gapBetween(from, to, reason);
    this.#deps.onGap(gap);
    return gap;
  }
}
