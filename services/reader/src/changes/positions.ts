import { isWatched, isWithin, type RecordedScope, type Scope } from '../cluster/scope-settings.js';
import { type Checkpoint, LIST_DUE } from './entry.js';

/** The name of the feed of all namespaces. */
export const ALL = '';

/**
 * Where each of a reader's feeds has got to, as one checkpoint. Everything is known up to the time that the slowest of them
 * has reached. A feed that was never listed is not in it: its namespace counts as one that is not watched yet.
 */
export class Positions {
  readonly #reached = new Map<string, Checkpoint | undefined>();
  /** Of feeds that have reached nothing, but of which the ledger may have open leases: when these were last known. */
  readonly #heldAt = new Map<string, Date>();

  /** @param feeds {@link ALL}, or the namespaces that have a feed each */
  constructor(feeds: readonly string[]) {
    for (const feed of feeds) this.#reached.set(feed, undefined);
  }

  moved(feed: string, to: Checkpoint): Checkpoint | undefined {
    this.#reached.set(feed, to);
    this.#heldAt.delete(feed);
    return this.#together();
  }

  /** A list of a feed is recorded in parts from now on: before its end, the feed cannot be resumed from any version. */
  listing(feed: string, askedAt: Date): Checkpoint | undefined {
    const before = this.#reached.get(feed);
    if (before) this.#reached.set(feed, { ...before, resourceVersion: LIST_DUE });
    else if (!this.#heldAt.has(feed)) this.#heldAt.set(feed, askedAt);
    return this.#together();
  }

  /**
   * Continues from an earlier reader's checkpoint.
   * @param hasLeases whether the ledger has open leases of this feed
   * @returns where the feed begins; undefined: with a list of what nothing is known of
   */
  restore(feed: string, checkpoint: Checkpoint | undefined, hasLeases = false): Checkpoint | undefined {
    const parts = partsOf(checkpoint?.resourceVersion ?? '');
    // One who has seen all namespaces has seen each of them.
    const resourceVersion = parts.get(feed) ?? parts.get(ALL);
    const own = checkpoint && resourceVersion !== undefined ? { ...checkpoint, resourceVersion } : undefined;
    this.#reached.set(feed, own);
    if (own === undefined && checkpoint && hasLeases) this.#heldAt.set(feed, checkpoint.knownAt);
    return own;
  }

  #together(): Checkpoint | undefined {
    const entries = [...this.#reached];
    const reached = entries.flatMap(([, checkpoint]) => checkpoint ?? []);
    if (reached.length === 0) return undefined;
    const times = [...reached.map(({ knownAt }) => knownAt), ...this.#heldAt.values()];
    const knownAt = new Date(Math.min(...times.map((time) => time.getTime())));
    if (this.#reached.has(ALL)) return { resourceVersion: reached[0]?.resourceVersion ?? '', knownAt };
    const parts = entries.flatMap(([feed, each]) => (each ? [[feed, each.resourceVersion]] : []));
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
  return withVersions(checkpoint, kept);
}

/** What is left of a checkpoint, and of what was watched until there, when one who watches something else closed the rest. */
export function narrowed(
  checkpoint: Checkpoint,
  had: RecordedScope,
  has: Scope,
): { checkpoint: Checkpoint; scope: RecordedScope } {
  const namespaces =
    has.namespaces?.filter((namespace) => isWatched(had, namespace)) ??
    had.namespaces?.filter((namespace) => isWatched(has, namespace));
  const ignored = namespaces ? [] : [...new Set([...had.ignored, ...has.ignored])].sort();
  const scope = { ...had, namespaces, ignored };
  if (namespaces === undefined) return { checkpoint, scope };
  return { checkpoint: withVersions(checkpoint, namespaces), scope };
}

function withVersions(checkpoint: Checkpoint, namespaces: readonly string[]): Checkpoint {
  const parts = partsOf(checkpoint.resourceVersion);
  const own = namespaces.map((namespace) => [namespace, parts.get(namespace) ?? parts.get(ALL)]);
  return { ...checkpoint, resourceVersion: JSON.stringify(Object.fromEntries(own)) };
}

/** The version of each feed in a checkpoint: a version alone, or an object with that of each namespace. */
function partsOf(resourceVersion: string): ReadonlyMap<string, string> {
  if (!resourceVersion.startsWith('{')) return new Map([[ALL, resourceVersion]]);
  // Written by this class.
  return new Map(Object.entries(JSON.parse(resourceVersion) as Record<string, string>));
}
