import { STRIP_WINDOWS, type StripWindow } from '../history/strip.js';
import type { IncidentPage } from '../view/incident-rows.js';
import type { AnnouncementView, LightUptimeView, StatusView } from '../view/status-view.js';
import { visibleText } from '../words/format.js';
import { wordOf } from '../words/light-words.js';
import { WINDOW_WORDS } from '../words/uptime.js';
import { announcementList } from './dashboard/announcements.js';
import { incidentTable } from './dashboard/incidents.js';
import { strip } from './dashboard/strip.js';
import { uptimeLine } from './dashboard/uptime.js';
import { type Html, html } from './html.js';
import { type Assets, layout } from './layout.js';
import { lightWithWord } from './light-icon.js';

export interface IncidentsPageOptions {
  readonly view: StatusView;
  /** The uptime of each light, and the strip of the window. */
  readonly lights: readonly LightUptimeView[];
  readonly window: StripWindow;
  /** All of them, also those that are over. */
  readonly announcements: readonly AnnouncementView[];
  readonly incidents: IncidentPage;
  /** Where the page of incidents begins; undefined: with the newest. */
  readonly before: string | undefined;
  /** How long incidents are shown after their end. */
  readonly shownDays: number;
  readonly assets: Assets;
}

/** All incidents, page by page, below the uptime of each light and a strip of some days. */
export function incidentsPage(options: IncidentsPageOptions): Html {
  const { view, lights, window, announcements, incidents, before, shownDays, assets } = options;
  const { cluster, overall: light, at } = view;
  const content = html`
<h1>Incidents and uptime</h1>
<p class="lead">Uptime is the share of the known time in which a light was green. Times in which the monitor was not running or stood still, or in which no report had come yet, are not known and count neither way.</p>
<nav class="windows" aria-label="Length of the strips">${STRIP_WINDOWS.map((one) => html`<a href="${pathOf(one, before)}"${one === window ? html` aria-current="true"` : undefined}>${WINDOW_WORDS[one]}</a>`)}</nav>
<ul class="uptimes">${lights.map((one) => lightItem(one, window))}</ul>
<section aria-labelledby="incidents"><h2 id="incidents">${before === undefined ? 'Incidents' : 'Earlier incidents'}</h2>
${incidents.rows.length === 0 ? html`<p class="none">${before === undefined ? 'No incidents' : 'No earlier incidents'} in the last ${shownDays} days.</p>` : incidentTable(incidents.rows, Date.parse(at))}
${paging(options)}</section>
${announcements.length === 0 ? undefined : html`<section aria-labelledby="announcements"><h2 id="announcements">Announcements and maintenance</h2>${announcementList(announcements, Date.parse(at))}</section>`}
<p class="more">As JSON: <a href="/api/v1/incidents">incidents</a>, <a href="/api/v1/uptime">uptime and strips</a>, <a href="/api/v1/announcements">announcements</a>. To subscribe: <a href="/feed.atom">Atom feed</a>.</p>`;
  const title = `Incidents – ${visibleText(cluster)} – podips monitor`;
  const hasLedger = view.ledger !== null;
  const scriptPaths = [assets.timesPath, assets.stripsPath];
  return layout({ title, light, assets, content, current: '/incidents', cluster, hasLedger, scriptPaths });
}

function lightItem(
  { operation, name, light, uptime, strip: slots }: LightUptimeView,
  window: StripWindow,
): Html {
  return html`<li class="card"><h2>${name} <small>${lightWithWord(light, wordOf(operation, light))}</small></h2>
<div>${strip(name, slots, window)}</div>${uptimeLine({ uptime })}</li>`;
}

function paging({ window, incidents: { nextMs }, before }: IncidentsPageOptions): Html | undefined {
  if (before === undefined && nextMs === undefined) return undefined;
  const next = nextMs === undefined ? undefined : new Date(nextMs).toISOString();
  return html`<nav class="paging" aria-label="Pages of incidents">${before === undefined ? undefined : html`<a href="${pathOf(window)}#incidents">Newest</a>`}${next === undefined ? undefined : html`<a href="${pathOf(window, next)}#incidents" rel="next">Earlier</a>`}</nav>`;
}

function pathOf(window: StripWindow, before?: string): string {
  return `/incidents?${new URLSearchParams({ window, ...(before !== undefined && { before }) })}`;
}
