import { type Static, Type } from '../schema/type.js';
import { keyOf } from './facts.js';
import { INSTABILITIES } from './unstable.js';

const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);

/** An unstable workload as alerts describe it. Times in milliseconds since the epoch. */
export const WorkloadTrouble = Type.Object({
  workload: Type.Object({
    cluster: Type.String(),
    namespace: Type.String(),
    kind: Type.String(),
    name: Type.String(),
  }),
  why: Type.Enum(INSTABILITIES),
  /** When it was found to be unstable. */
  sinceMs: Type.Number(),
  /** In the hour before `atMs`. */
  atMs: Type.Number(),
  replaced: Type.Number(),
  restarts: Type.Number(),
  failed: Type.Number(),
  /** What was usual in an hour when it was found to be unstable; null: not known. */
  usual: NumberOrNull,
  /** The last thing that happened to it in that hour; null when nothing did. */
  last: Type.Union([
    Type.Object({ pod: Type.String(), cause: Type.String(), exitCode: NumberOrNull, atMs: Type.Number() }),
    Type.Null(),
  ]),
});

/** The part of an alert about one workload. */
export const WorkloadChange = Type.Object({
  kind: Type.Enum(['started', 'continues', 'ended']),
  trouble: WorkloadTrouble,
  /** Since when it is stable; null: it is not. */
  untilMs: NumberOrNull,
  /** Not all of that time, or of the hour before it, was watched. */
  hasGap: Type.Optional(Type.Literal(true)),
});

/** So many changes are kept for a message, which names the worst of them. */
export const MAX_CHANGES = 50;

/** The part of an alert about workloads. */
export const WorkloadNews = Type.Object({
  /** Those that became unstable come first, the worst of them first. */
  changes: Type.Array(WorkloadChange),
  /** So many further changes are left out. */
  more: Type.Number(),
  /** Workloads that are unstable as before, and not among the changes. */
  lasting: Type.Number(),
  /** The node on which most of the pods ended that ended; null: there is none. */
  likelyNode: Type.Union([
    Type.Object({ node: Type.String(), pods: Type.Number(), of: Type.Number() }),
    Type.Null(),
  ]),
});

export type WorkloadTrouble = Static<typeof WorkloadTrouble>;
export type WorkloadChange = Static<typeof WorkloadChange>;
export type WorkloadNews = Static<typeof WorkloadNews>;

const KINDS: readonly WorkloadChange['kind'][] = ['started', 'continues', 'ended'];

/** What happened to a workload in an hour that should not. */
export const troubleOf = ({ replaced, restarts, failed }: WorkloadTrouble): number =>
  replaced + restarts + failed;

/** The news of both, where the older ones have not been delivered. */
export function mergeWorkloadNews(
  older: WorkloadNews | undefined,
  newer: WorkloadNews | undefined,
): WorkloadNews | undefined {
  if (older === undefined || newer === undefined) return newer ?? older;
  const merged = new Map(older.changes.map((change) => [keyOf(change.trouble.workload), change]));
  for (const change of newer.changes) {
    const key = keyOf(change.trouble.workload);
    // Its start has not been delivered yet.
    const isNew = change.kind === 'continues' && merged.get(key)?.kind === 'started';
    merged.set(key, isNew ? { ...change, kind: 'started' } : change);
  }
  const changes = [...merged.values()].sort(
    (a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || troubleOf(b.trouble) - troubleOf(a.trouble),
  );
  return {
    changes: changes.slice(0, MAX_CHANGES),
    more: Math.max(older.more, newer.more, changes.length - MAX_CHANGES),
    lasting: lastingOf(older, newer),
    likelyNode: newer.likelyNode ?? older.likelyNode,
  };
}

/** Those that were reported: the newer news count those of the older ones among them. */
function lastingOf(older: WorkloadNews, newer: WorkloadNews): number {
  const named = new Set(newer.changes.map(({ trouble }) => keyOf(trouble.workload)));
  const unstable = older.changes.filter(({ kind }) => kind !== 'ended');
  const unreported = unstable.filter(({ trouble }) => !named.has(keyOf(trouble.workload))).length;
  // Those that have become stable come last: further ones are unstable only if all of these are.
  const more = unstable.length === older.changes.length ? older.more : 0;
  return Math.max(0, newer.lasting - unreported - more);
}
