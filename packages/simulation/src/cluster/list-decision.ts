import * as status from './api-status.js';
import { CURRENT_VERSION, inconsistent, parseContinueToken } from './continue-token.js';
import type { PageRequest } from './versioned-store.js';

/** Which versions the store has. */
export interface StoredVersions {
  readonly revision: number;
  readonly compactedRevision: number;
}

export type ListDecision = { readonly page: PageRequest } | { readonly refusal: status.ApiStatus };

/** The answer to a list request: a page of some version, or why not. Rules of kube-apiserver for `resourceVersion`. */
export function decideList(
  query: URLSearchParams,
  versions: StoredVersions,
  namespace?: string | undefined,
): ListDecision {
  const limit = parseNumber(query.get('limit'));
  const asked = parseNumber(query.get('resourceVersion'));
  if (limit === undefined) return refuse(status.badRequest('limit must be a whole number'));
  if (asked === undefined) return refuse(status.badRequest('resourceVersion must be a whole number'));
  if (query.has('sendInitialEvents')) return refuse(sendInitialEventsRefused());
  const token = query.get('continue');
  if (token) return decideContinued(token, limit, query, versions, namespace);

  const match = query.get('resourceVersionMatch');
  if (match && !query.get('resourceVersion'))
    return refuse(
      status.invalidVersionMatch('resourceVersionMatch is forbidden unless resourceVersion is provided'),
    );
  if (match === 'Exact' && asked === 0)
    return refuse(
      status.invalidVersionMatch('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
    );
  if (asked > versions.revision) return refuse(status.tooLargeVersion(asked, versions.revision));
  // A limit without a match asks for exactly this version, from the time when there was no match.
  const exact = match === 'Exact' || (!match && asked > 0 && limit > 0);
  if (exact && asked < versions.compactedRevision) return refuse(status.expiredList());
  // Version 0 means whatever the cache has, and the cache knows no pages.
  const wholeCache = query.get('resourceVersion') === '0';
  return page(exact ? asked : versions.revision, '', wholeCache ? 0 : limit, namespace);
}

/** How the server answers where streamed initial lists are off. */
export function sendInitialEventsRefused(): status.ApiStatus {
  return status.invalidVersionMatch(
    'resourceVersionMatch is forbidden for watch',
    'resourceVersionMatch is forbidden unless resourceVersion is provided',
  );
}

function decideContinued(
  token: string,
  limit: number,
  query: URLSearchParams,
  { revision, compactedRevision }: StoredVersions,
  namespace: string | undefined,
): ListDecision {
  if (query.get('resourceVersion'))
    return refuse(status.badRequest('specifying resource version is not allowed when using continue'));
  const continuation = parseContinueToken(token);
  if (continuation === undefined || continuation.resourceVersion > revision)
    return refuse(status.badRequest('continue key is not valid'));
  const { resourceVersion } = continuation;
  // The key in a token is below that of its list.
  const from = namespace === undefined ? continuation.from : `${namespace}/${continuation.from}`;
  if (resourceVersion === CURRENT_VERSION) return page(revision, from, limit, namespace);
  if (resourceVersion < compactedRevision) return refuse(status.expiredContinue(inconsistent(continuation)));
  return page(resourceVersion, from, limit, namespace);
}

/** 0 for what is not given, undefined for what is no number. */
export function parseNumber(text: string | null): number | undefined {
  if (text === null || text === '') return 0;
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

function page(resourceVersion: number, from: string, limit: number, namespace?: string): ListDecision {
  return { page: { namespace, resourceVersion, from, limit } };
}

function refuse(refusal: status.ApiStatus): ListDecision {
  return { refusal };
}
