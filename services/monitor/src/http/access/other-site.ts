import type { IncomingHttpHeaders } from 'node:http';

export interface Site {
  readonly headers: IncomingHttpHeaders;
  /** Host and port of the monitor as its client sees it; empty when the client names none. */
  readonly host: string;
}

/**
 * Whether a page of another site made a browser send this. Browsers say it themselves where the monitor has TLS or is on
 * the same machine (Fetch Metadata); elsewhere the page's address shows it, unless the page hides that.
 */
export function isOfAnotherSite({ headers, host }: Site): boolean {
  const said = headers['sec-fetch-site'];
  if (said !== undefined) return ['cross-site', 'same-site'].includes(String(said));
  return [headers.origin, headers.referer].some((page) => page !== undefined && !isAt(page, host));
}

/** @param page an origin or a URL; `null` is the origin of a page that is to have none */
function isAt(page: string, host: string): boolean {
  const own = URL.parse(page);
  return own !== null && own.host === URL.parse(`${own.protocol}//${host}`)?.host;
}
