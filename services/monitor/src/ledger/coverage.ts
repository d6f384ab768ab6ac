import { exactUtc } from '../words/format.js';
import type { Reason } from './ledger-view.js';

/** The time that the ledger of a cluster covers. */
export interface Coverage {
  readonly cluster: string;
  /** Everything up to then is in it: the watermark, less the time that kubelets take to report. */
  readonly knownUntilMs: number;
  /**
   * From then on no lease was deleted, nor will any be for longer than an answer takes: retention announces what it deletes.
   * The infinite past while none was.
   */
  readonly completeFromMs: number;
  /** Whose pods are watched; null: of all namespaces but those that are ignored. */
  readonly namespaces: readonly string[] | null;
  readonly ignored: readonly string[];
}

/** Up to when the ledger of a cluster knows everything. */
export function knownUntil(coverage: readonly Coverage[]): (cluster: string) => number {
  const times = new Map(coverage.map(({ cluster, knownUntilMs }) => [cluster, knownUntilMs]));
  return (cluster) => times.get(cluster) ?? Number.NEGATIVE_INFINITY;
}

/** Bookmarks come about once a minute, also from a quiet cluster: a ledger that is further behind does not know of now. */
const BEHIND_MS = 120_000;

/** Now, as far as it is known. */
export interface Now {
  /** The newest time of which everything is known in all clusters whose ledgers are up to date. */
  readonly atMs: number;
  /** Why that is not about now; none while a ledger is up to date. */
  readonly reasons: readonly Reason[];
}

/** Whether the ledger of a cluster is being written. */
export function isUpToDate({ knownUntilMs }: Coverage, nowMs: number): boolean {
  return nowMs - knownUntilMs <= BEHIND_MS;
}

/** @returns the time of the own cluster, if it has a ledger, where none is up to date; undefined without any */
export function newestKnown(coverage: readonly Coverage[], own: string, nowMs: number): Now | undefined {
  const upToDate = coverage.filter((each) => isUpToDate(each, nowMs));
  if (upToDate.length > 0)
    return { atMs: Math.min(nowMs, ...upToDate.map(({ knownUntilMs }) => knownUntilMs)), reasons: [] };
  const atMs = (coverage.find(({ cluster }) => cluster === own) ?? coverage[0])?.knownUntilMs;
  if (atMs === undefined) return undefined;
  const text = `The ledger is complete up to ${exactUtc(atMs)}; what is true now is not known.`;
  return { atMs, reasons: [{ code: 'after-known', text }] };
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

/** Where the ledger of one of several clusters does not reach a time. */
export function limitsIn(each: Coverage, fromMs: number, toMs: number): Reason[] {
  const limits = [...limitOf(each, false, toMs), ...limitOf(each, false, fromMs)];
  const unique = new Map(limits.map((reason) => [reason.text, reason]));
  return [...unique.values(), ...[scopeOf(each, false)].filter((reason) => reason !== undefined)];
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

function limitOf(each: Coverage, isOnly: boolean, atMs: number): Reason[] {
  const { cluster, knownUntilMs, completeFromMs } = each;
  const ledger = isOnly ? 'The ledger' : `The ledger of ${cluster}`;
  if (atMs > knownUntilMs) {
    const text = `${ledger} is complete up to ${exactUtc(knownUntilMs)}; later changes may be missing.`;
    return [{ code: 'after-known', text }];
  }
  if (atMs < completeFromMs) {
    const text = `${ledger} may lack leases that ended before ${exactUtc(completeFromMs)}: those are deleted.`;
    return [{ code: 'deleted', text }];
  }
  return [];
}
