import { createHash } from 'node:crypto';
import { type Html, html } from '../pages/html.js';
import { BOTH_LINKS, type IncidentRow } from '../view/incident-rows.js';
import type { AnnouncementView } from '../view/status-view.js';
import { formatLength, formatUtc, visibleText } from '../words/format.js';

export interface FeedOptions {
  readonly cluster: string;
  /** Where the client sees the monitor: the address of the dashboard, or else the path of its address, without a slash at its end. */
  readonly root: string;
  readonly announcements: readonly AnnouncementView[];
  readonly incidents: readonly IncidentRow[];
  /** When the feed was made, if there is nothing in it. */
  readonly emptySince: string;
}

interface FeedEntry {
  readonly id: string;
  readonly title: string;
  readonly updated: string;
  readonly published: string;
  readonly path: string;
  readonly content: string;
}

const LIGHT_VERBS = { red: 'failing', yellow: 'silent' } as const;

/**
 * Incidents and announcements as an Atom feed (RFC 4287). The id of an incident follows from cluster, first light and start, that
 * of an announcement from cluster and its own; "updated" is when its content changed, not when something is read.
 */
export function atomFeed({ cluster, root, announcements, incidents, emptySince }: FeedOptions): string {
  const entries = [
    ...announcements.map((one) => ofAnnouncement(one, cluster)),
    ...incidents.map((one) => ofIncident(one, cluster)),
  ].sort((a, b) => Date.parse(b.updated) - Date.parse(a.updated));
  const title = `podips ${cluster}: incidents and announcements`;
  return `<?xml version="1.0" encoding="utf-8"?>\n${
    html`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<id>${uuidOf(cluster, 'feed')}</id>
<title>${xmlText(title)}</title>
<updated>${entries[0]?.updated ?? emptySince}</updated>
<author><name>${xmlText(`podips monitor of ${cluster}`)}</name></author>
<link rel="self" type="application/atom+xml" href="${root}/feed.atom"/>
<link rel="alternate" type="text/html" href="${root}/incidents"/>
${entries.map((entry) => entryElement(entry, root))}</feed>
`.text
  }`;
}

function entryElement({ id, title, updated, published, path, content }: FeedEntry, root: string): Html {
  return html`<entry>
<id>${id}</id>
<title>${xmlText(title)}</title>
<updated>${updated}</updated>
<published>${published}</published>
<link rel="alternate" type="text/html" href="${root}${path}"/>
<content type="text">${xmlText(content)}</content>
</entry>
`;
}

function ofIncident(incident: IncidentRow, cluster: string): FeedEntry {
  const { operation, name, light, startedAt, endedAt, changedAt, durationMs, message } = incident;
  const [is, was] = name === BOTH_LINKS ? ['are', 'were'] : ['is', 'was'];
  const lasts = endedAt === null && !incident.endIsLatest;
  const what = `${name} ${lasts ? is : was} ${LIGHT_VERBS[light]}`;
  const length = formatLength(durationMs, incident.durationIsLeast);
  const since = `since ${utc(startedAt)}${incident.startIsLatest ? ' or earlier' : ''}`;
  const notKnown = lasts ? '' : '; whether that lasts is not known yet';
  const end =
    endedAt === null
      ? notKnown
      : ` for ${length}, until ${utc(endedAt)}${incident.endIsLatest ? ' or earlier' : ''}`;
  return {
    id: uuidOf(cluster, 'incident', operation, startedAt),
    title: endedAt === null ? `${what}${notKnown}` : `${what} for ${length}`,
    updated: changedAt,
    published: startedAt,
    path: '/incidents',
    content: `${what} ${since}${end}.${message === '' ? '' : ` The report: ${message}`}`,
  };
}

function ofAnnouncement(one: AnnouncementView, cluster: string): FeedEntry {
  const { id, kind, title, text, from, to, updatedAt } = one;
  const times = [from === null ? '' : `From ${utc(from)}`, to === null ? '' : `until ${utc(to)}`].filter(
    (time) => time !== '',
  );
  return {
    id: uuidOf(cluster, 'announcement', id),
    title: kind === 'maintenance' ? `Planned maintenance: ${title}` : title,
    updated: updatedAt,
    published: updatedAt,
    path: '/incidents',
    content: [...(times.length === 0 ? [] : [`${times.join(' ')}.`]), text]
      .filter((part) => part !== '')
      .join('\n'),
  };
}

function utc(time: string): string {
  return `${formatUtc(Date.parse(time)).slice(0, 19)} UTC`;
}

/** A UUID (RFC 9562, version 8) that follows from its parts. */
function uuidOf(...parts: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['podips', ...parts]))
    .digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Text without what XML 1.0 has no place for, which is shown by its code point. */
function xmlText(text: string): string {
  return visibleText(text.toWellFormed()).replace(/[\ufffe\uffff]/g, '\ufffd');
}
