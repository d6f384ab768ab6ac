import type { Appender, Facts } from './appender.js';
import type { ChangeLog } from './change-log.js';
import type { Checkpoint, Gap } from './entry.js';
import type { FeedGaps } from './feed-gaps.js';
import { HandOvers } from './hand-overs.js';
import type { KnownPods } from './known-pods.js';
import { type Decision, type IpChange, type KnownPod, withChanges, withLeases } from './leases.js';
import type { Placed, Timeline } from './timeline.js';

/** The parts of a feed that a list is written with. */
export interface ListOutput {
  readonly log: ChangeLog;
  readonly signal: AbortSignal;
  readonly known: KnownPods;
  readonly timeline: Timeline;
  readonly appender: Appender;
  readonly gaps: FeedGaps;
  /** That of a part of the list which is not the last one: until then a list is due. */
  readonly checkpointWithin: () => Checkpoint | undefined;
  /** The list is of a moment before this one. */
  readonly observedAt: Date;
}

export type MayAccept = () => Promise<boolean>;

/** What is decided of a pod, and not yet published. */
export interface Decided extends Decision {
  readonly uid: string;
  readonly before: KnownPod | undefined;
  readonly how: 'finished' | 'gone';
}

/** What the last entry of a list has beside its facts. */
export interface ListEnd {
  readonly gaps: readonly Gap[];
  readonly checkpoint: Checkpoint | undefined;
}

/** So many changes are sorted together: more than those of nearly all lists. */
const PART = 1_000;

/** Writes what a list means to the log, in parts: no more than one is kept, however many changes there are. */
export class ListParts {
  readonly #output: ListOutput;
  readonly #handOvers = new HandOvers();
  #decided: Decided[] = [];
  #count = 0;

  constructor(output: ListOutput) {
    this.#output = output;
  }

  /** A start that waits for all ends. */
  expect(start: IpChange): void {
    this.#handOvers.expect(start);
  }

  /** Writes what needs neither to wait nor to be sorted with what follows. */
  publish(decided: readonly Decided[]): void {
    const placed = this.#place(decided);
    for (const each of decided) this.#remember(each, placed);
    this.#append({ changes: placed.changes, restarts: decided.flatMap(({ restarts }) => restarts) });
  }

  /** Takes what was decided, ends before starts, and writes it once it is a part. @returns false: the list must be given up */
  async add(decided: readonly Decided[], mayAccept: MayAccept): Promise<boolean> {
    this.#decided.push(...decided);
    for (const each of decided) this.#count += Math.max(1, countOf(each));
    return this.#count < PART || this.#write(mayAccept);
  }

  /** Writes the last part. @returns false: the list must be given up */
  finish(mayAccept: MayAccept, end: () => ListEnd): Promise<boolean> {
    return this.#write(mayAccept, end);
  }

  async #write(mayAccept: MayAccept, end?: () => ListEnd): Promise<boolean> {
    const { log, signal, known, timeline } = this.#output;
    const all = this.#decided;
    this.#decided = [];
    this.#count = 0;
    const placed = this.#place(all);
    const unfinished = new Unfinished(all);
    const restarts = all.flatMap((decided) => decided.restarts);
    const failures = all.flatMap(({ failure }) => failure ?? []);
    const { changes } = placed;
    const count = changes.length + restarts.length + failures.length;
    for (let next = 0, isOver = count === 0 && !end; !isOver; ) {
      // The watch opens again, whatever waits for the queue, where nothing has to be written before.
      if (next < count) await log.listMayContinue(signal);
      await log.listRoomAvailable(signal, Math.min(log.entryLimit, count - next));
      if (!(await mayAccept())) {
        const appended = changes.slice(0, next);
        timeline.takeBack(placed, appended);
        for (const pod of unfinished.begun(appended)) known.table.set(pod);
        return false;
      }
      const to = next + log.listRoom;
      const facts = {
        changes: changes.slice(next, to),
        restarts: slice(restarts, next - changes.length, to - changes.length),
        failures: slice(
          failures,
          next - changes.length - restarts.length,
          to - changes.length - restarts.length,
        ),
      };
      next = to;
      isOver = next >= count;
      this.#append(facts, isOver ? end?.() : undefined);
      for (const decided of unfinished.appended(facts)) this.#remember(decided, placed);
    }
    for (const decided of unfinished.rest()) this.#remember(decided, placed);
    return true;
  }

  #place(decided: readonly Decided[]): Placed {
    const changes = decided.flatMap((each) => each.changes);
    return this.#output.timeline.placePart(changes, this.#handOvers);
  }

  #remember({ known, uid, before, how }: Decided, placed: Placed): void {
    if (known === undefined) this.#output.known.remove(uid, before, how);
    else this.#output.known.table.set(withLeases(known, placed.leases));
  }

  /** @param end of the last entry */
  #append(facts: Facts, end?: ListEnd): void {
    const { appender, observedAt, checkpointWithin, gaps } = this.#output;
    // Times of before and after a jump of the clock are not recorded without it.
    const allGaps = [...gaps.jumped, ...(end?.gaps ?? [])];
    const checkpoint = end ? end.checkpoint : checkpointWithin();
    appender.append(facts, { observedAt, gaps: allGaps, checkpoint });
    gaps.appended();
  }
}

/** What was decided of pods, until all that it means is in the log. */
class Unfinished {
  readonly #decided = new Map<string, Decided[]>();
  readonly #left = new Map<string, number>();

  constructor(decided: readonly Decided[]) {
    for (const each of decided) {
      const { uid } = each;
      this.#left.set(uid, (this.#left.get(uid) ?? 0) + countOf(each));
      // The end of one lease of a pod and the start of another may be decided one after the other.
      const same = this.#decided.get(uid);
      if (same) same.push(each);
      else this.#decided.set(uid, [each]);
    }
  }

  /** @returns what is complete by now, in the order in which it was decided */
  appended({ changes, restarts, failures = [] }: Facts): Decided[] {
    return [...changes, ...restarts, ...failures].flatMap(({ pod: { uid } }) => {
      const left = (this.#left.get(uid) ?? 0) - 1;
      this.#left.set(uid, left);
      if (left > 0) return [];
      const complete = this.#decided.get(uid) ?? [];
      this.#decided.delete(uid);
      return complete;
    });
  }

  /**
   * Pods of which not all is in the log, as they were before, but for the changes that are: the list is given up, and the next
   * one, which may show them otherwise, finds the rest again.
   * @param appended all changes that are in the log
   */
  begun(appended: readonly IpChange[]): KnownPod[] {
    return [...Map.groupBy(appended, ({ pod }) => pod.uid)].flatMap(([uid, changes]) => {
      const decided = this.#decided.get(uid);
      return decided ? [withChanges(decided[0]?.before, changes)] : [];
    });
  }

  rest(): Decided[] {
    return [...this.#decided.values()].flat();
  }
}

const countOf = ({ changes, restarts, failure }: Decision) =>
  changes.length + restarts.length + (failure ? 1 : 0);

/** A part of what follows something longer: its bounds may be below 0. */
const slice = <T>(all: readonly T[], from: number, to: number) =>
  all.slice(Math.max(0, from), Math.max(0, to));
