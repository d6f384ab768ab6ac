import * as status from './api-status.js';
import { parseNumber, type StoredVersions, sendInitialEventsRefused } from './list-decision.js';

export interface WatchStart {
  /** Undefined: of pods of all namespaces. */
  readonly namespace: string | undefined;
  /** Events after this version are sent. */
  readonly after: number;
  /** Whether the current state comes first, as ADDED events. */
  readonly withState: boolean;
  readonly bookmarks: boolean;
  /** The server ends the watch then; undefined: the server's own time. */
  readonly timeoutMs: number | undefined;
}

export type WatchDecision =
  | { readonly start: WatchStart }
  /** An HTTP response instead of a stream. */
  | { readonly refusal: status.ApiStatus }
  /** A stream of one ERROR event. */
  | { readonly error: status.ApiStatus };

/** The answer to a watch request. */
export function decideWatch(
  query: URLSearchParams,
  versions: StoredVersions,
  namespace?: string | undefined,
): WatchDecision {
  if (query.has('sendInitialEvents')) return { refusal: sendInitialEventsRefused() };
  const asked = parseNumber(query.get('resourceVersion'));
  const timeoutSeconds = parseNumber(query.get('timeoutSeconds'));
  if (asked === undefined) return { refusal: status.badRequest('resourceVersion must be a whole number') };
  if (timeoutSeconds === undefined)
    return { refusal: status.badRequest('timeoutSeconds must be a whole number') };
  const withState = asked === 0;
  if (!withState && asked < versions.compactedRevision)
    return { error: status.expiredWatch(asked, versions.compactedRevision) };
  return {
    start: {
      namespace,
      after: withState ? versions.revision : asked,
      withState,
      bookmarks: isTrue(query.get('allowWatchBookmarks')),
      timeoutMs: timeoutSeconds === 0 ? undefined : timeoutSeconds * 1_000,
    },
  };
}

/** As Go reads a boolean. */
export function isTrue(text: string | null): boolean {
  return text !== null && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);
}
