import { isWatched, isWithin, type RecordedScope } from '../cluster/scope-settings.js';
import type { Checkpoint } from './entry.js';

/** The name of the feed of all namespaces. */
export const ALL = '';

/**
 * Where each of a reader's feeds has got to, as one checkpoint. Everything is known up to the time that the slowest of them
 * has reached.
 */
export class Positions {
  readonly #reached = new Map<string, Checkpoint | undefined>();

  /** @param feeds {@link ALL}, or the namespaces that have a feed each */
  constructor(feeds: readonly string[]) {
    for (const feed of feeds) this.#reached.set(feed, undefined);
  }

  /** @returns undefined while a feed has not reached anything yet */
  moved(feed: string, to: Checkpoint): Checkpoint | undefined {
    this.#reached.set(feed, to);
    return this.#together();
  }

  /** Continues from an earlier reader's checkpoint. @returns where the feed begins; undefined: with a list */
  restore(feed: string, checkpoint: Checkpoint | undefined): Checkpoint | undefined {
    const parts = partsOf(checkpoint?.resourceVersion ?? '');
    // One who has seen all namespaces has seen each of them.
    const resourceVersion = parts.get(feed) ?? parts.get(ALL);
    const own = checkpoint && resourceVersion ? { ...checkpoint, resourceVersion } : undefined;
    this.#reached.set(feed, own);
    return own;
  }

  #together(): Checkpoint | undefined {
    const entries = [...this.#reached];
    const reached = entries.flatMap(([, checkpoint]) => checkpoint ?? []);
    if (reached.length < entries.length) return undefined;
    const knownAt = new Date(Math.min(...reached.map((each) => each.knownAt.getTime())));
    if (this.#reached.has(ALL)) return { resourceVersion: reached[0]?.resourceVersion ?? '', knownAt };
    const parts = entries.map(([feed, each]) => [feed, each?.resourceVersion]);
    return { resourceVersion: JSON.stringify(Object.fromEntries(parts)), knownAt };
  }
}

/** The namespaces of a position; undefined for one of all. */
export function namespacesOf(resourceVersion: string): string[] | undefined {
  const feeds = [...partsOf(resourceVersion).keys()];
  return feeds.includes(ALL) ? undefined : feeds;
}

/**
 * What is left of an earlier reader's checkpoint for one that watches more: feeds of what it did not watch begin with a list.
 * @param had what the earlier reader watched
 */
export function withoutUnwatched(checkpoint: Checkpoint, had: RecordedScope, has: RecordedScope): Checkpoint {
  if (isWithin(has, had)) return checkpoint;
  const kept = (has.secondaryNetworks && !had.secondaryNetworks ? [] : (has.namespaces ?? [])).filter(
    (namespace) => isWatched(had, namespace),
  );
  const parts = partsOf(checkpoint.resourceVersion);
  const own = kept.map((namespace) => [namespace, parts.get(namespace) ?? parts.get(ALL)]);
  return { ...checkpoint, resourceVersion: JSON.stringify(Object.fromEntries(own)) };
}

/** The version of each feed in a checkpoint: a version alone, or an object with that of each namespace. */
function partsOf(resourceVersion: string): ReadonlyMap<string, string> {
  if (!resourceVersion.startsWith('{')) return new Map([[ALL, resourceVersion]]);
  // Written by this class.
  return new Map(Object.entries(JSON.parse(resourceVersion) as Record<string, string>));
}
