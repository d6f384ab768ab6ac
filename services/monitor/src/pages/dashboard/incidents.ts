import { type IncidentRow, joinBroker } from '../../view/incident-rows.js';
import type { StatusView } from '../../view/status-view.js';
import { formatLength, shorten, visibleText } from '../../words/format.js';
import { type Html, html } from '../html.js';
import { lightWithWord } from '../light-icon.js';
import { timeSince, utcTime } from '../running-time.js';
import { statusMark } from '../status-mark.js';

/** A number that keeps the page small. */
const SHOWN = 10;
/** The JSON has all of it. */
const MAX_REPORT_BYTES = 120;

/** The incidents: what failed, when, for how long, and with which message. */
export function incidents({ incidents: all, at }: StatusView): Html {
  const shown = joinBroker(all, Date.parse(at)).slice(0, SHOWN);
  return html`<h2 id="incidents">Incidents</h2>
${shown.length === 0 ? html`<p class="none">No incidents.</p>` : incidentTable(shown, Date.parse(at))}
<p class="ask-link"><a href="/incidents">All incidents, uptime and longer strips</a></p>`;
}

/** A row for each incident. */
export function incidentTable(shown: readonly IncidentRow[], nowMs: number): Html {
  return html`<table>
<thead><tr><th scope="col">What failed</th><th scope="col">Start (UTC)</th><th scope="col">End (UTC)</th><th scope="col">Length</th><th scope="col">Report</th></tr></thead>
<tbody>${shown.map((incident) => row(incident, nowMs))}</tbody>
</table>`;
}

function row(incident: IncidentRow, nowMs: number): Html {
  const { name, light, startedAt, startIsLatest, endedAt, code, message } = incident;
  return html`<tr${endedAt === null ? html` class="open"` : undefined}>
<th scope="row">${lightWithWord(light, name)}</th>
<td data-label="Start (UTC)">${utcTime(startedAt)}${startIsLatest ? ' or earlier' : undefined}</td>
<td data-label="End (UTC)">${endWords(incident)}</td>
<td data-label="Length">${lengthOf(incident, nowMs)}</td>
<td data-label="Report">${statusMark({ code, message })}<bdi>${shorten(visibleText(message), MAX_REPORT_BYTES)}</bdi></td>
</tr>`;
}

function endWords({ endedAt, endIsLatest }: IncidentRow): Html | string {
  if (endedAt === null) return endIsLatest ? 'not known yet' : html`<strong>not yet</strong>`;
  return html`${utcTime(endedAt)}${endIsLatest ? ' or earlier' : undefined}`;
}

/** One that lasts becomes longer in the page, unless it was not watched all the time. */
function lengthOf(
  { startedAt, endedAt, durationMs, durationIsLeast }: IncidentRow,
  nowMs: number,
): Html | string {
  if (endedAt === null && !durationIsLeast) return timeSince(startedAt, nowMs);
  return formatLength(durationMs, durationIsLeast);
}
