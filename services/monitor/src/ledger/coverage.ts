import { exactUtc } from '../words/format.js';
import type { Reason } from './ledger-view.js';

/** The time that the ledger of a cluster covers. */
export interface Coverage {
  readonly cluster: string;
  /** Everything up to then is in it: the watermark, less the time that kubelets take to report. */
  readonly knownUntilMs: number;
  /** Whether it still reaches back to the first start of a reader. */
  readonly isWhole: boolean;
  /** When the oldest lease that has ended did so. */
  readonly oldestEndMs: number | undefined;
  /** Whose pods are watched; null: of all namespaces but those that are ignored. */
  readonly namespaces: readonly string[] | null;
  readonly ignored: readonly string[];
}

/** Up to when the ledger of a cluster knows everything. */
export function knownUntil(coverage: readonly Coverage[]): (cluster: string) => number {
  const times = new Map(coverage.map(({ cluster, knownUntilMs }) => [cluster, knownUntilMs]));
  return (cluster) => times.get(cluster) ?? Number.NEGATIVE_INFINITY;
}

/** The newest time that the ledger knows everything of: that of the own cluster, if it has one. */
export function newestKnown(coverage: readonly Coverage[], own: string): number | undefined {
  return (coverage.find(({ cluster }) => cluster === own) ?? coverage[0])?.knownUntilMs;
}

/** Where the ledgers do not reach the time. */
export function limitsOf(coverage: readonly Coverage[], atMs: number, nowMs: number): Reason[] {
  if (coverage.length === 0)
    return [{ code: 'empty', text: 'The ledger is empty: no reader has written to it yet.' }];
  const future: Reason[] =
    atMs > nowMs ? [{ code: 'future', text: `${exactUtc(atMs)} is in the future.` }] : [];
  const scopes = coverage.flatMap((each) => scopeOf(each, coverage.length === 1) ?? []);
  return [...future, ...coverage.flatMap((each) => limitOf(each, coverage.length === 1, atMs)), ...scopes];
}

/** What is not watched, and so in no ledger. */
function scopeOf({ cluster, namespaces, ignored }: Coverage, isOnly: boolean): Reason | undefined {
  const where = isOnly ? '' : ` of ${cluster}`;
  if (namespaces !== null)
    return {
      code: 'scope',
      text: `Only pods in these namespaces${where} are watched: ${named(namespaces)}.`,
    };
  if (ignored.length === 0) return undefined;
  return { code: 'scope', text: `Pods in these namespaces${where} are not watched: ${named(ignored)}.` };
}

/** Whether a namespace is watched in any of the clusters. */
export function isWatched(coverage: readonly Coverage[], namespace: string): boolean {
  if (coverage.length === 0) return true;
  return coverage.some(
    ({ namespaces, ignored }) => (namespaces?.includes(namespace) ?? true) && !ignored.includes(namespace),
  );
}

/** Most namespaces that are named in a sentence. */
const MAX_NAMED = 10;

function named(namespaces: readonly string[]): string {
  const more = namespaces.length - MAX_NAMED;
  return `${namespaces.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function limitOf(
  { cluster, knownUntilMs, isWhole, oldestEndMs }: Coverage,
  isOnly: boolean,
  atMs: number,
): Reason[] {
  const ledger = isOnly ? 'The ledger' : `The ledger of ${cluster}`;
  if (atMs > knownUntilMs) {
    const text = `${ledger} is complete up to ${exactUtc(knownUntilMs)}; later changes may be missing.`;
    return [{ code: 'after-known', text }];
  }
  if (!isWhole && oldestEndMs !== undefined && atMs < oldestEndMs) {
    const text = `${ledger} has no leases that ended before ${exactUtc(oldestEndMs)}: they were deleted.`;
    return [{ code: 'deleted', text }];
  }
  return [];
}
