import { minuteUtc } from '../words/format.js';

/** The ledger of a cluster that is further behind has lost its reader: it says nothing of now, and holds up no other. */
export const UNWATCHED_MS = 7 * 86_400_000;

export interface KnownOfAll {
  /** Up to then all is counted, but of clusters that are not watched; undefined: nothing is counted yet. */
  readonly untilMs: number | undefined;
  /** The clusters that statements of now are about: all, where none is watched. */
  readonly watched: ReadonlySet<string>;
  /** The clusters that are not watched, and since when, without a full stop; null: there are none. */
  readonly unwatched: string | null;
}

/**
 * What is known of all clusters together. Where none is watched, the ledger is behind.
 * @param times up to when each cluster is counted, in milliseconds since the epoch
 */
export function knownOfAll(times: ReadonlyMap<string, number>, nowMs: number): KnownOfAll {
  const all = [...times];
  const watched = all.filter(([, untilMs]) => nowMs - untilMs <= UNWATCHED_MS);
  if (watched.length === 0 || watched.length === all.length)
    return { untilMs: earliest(all), watched: namesOf(all), unwatched: null };
  const unwatched = all
    .filter(([, untilMs]) => nowMs - untilMs > UNWATCHED_MS)
    .map(([cluster, untilMs]) => `cluster ${cluster} is not watched since ${minuteUtc(untilMs)}`);
  return { untilMs: earliest(watched), watched: namesOf(watched), unwatched: unwatched.join(', ') };
}

type Times = readonly (readonly [cluster: string, untilMs: number])[];

function earliest(times: Times): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times.map(([, untilMs]) => untilMs));
}

function namesOf(times: Times): ReadonlySet<string> {
  return new Set(times.map(([cluster]) => cluster));
}
