import type { IncidentView, StatusView } from '../../view/status-view.js';
import { formatDuration, shorten, visibleText } from '../../words/format.js';
import { type Html, html } from '../html.js';
import { lightWithWord } from '../light-icon.js';
import { timeSince, utcTime } from '../running-time.js';

/** A number that keeps the page small. */
const SHOWN = 10;
/** The JSON has all of it. */
const MAX_REPORT_BYTES = 120;

/** The incidents: what failed, when, for how long, and with which message. */
export function incidents({ incidents: all, at }: StatusView): Html {
  const joined = joinBroker(all);
  const shown = joined.slice(0, SHOWN);
  return html`<h2 id="incidents">Incidents</h2>
${shown.length === 0 ? html`<p class="none">No incidents.</p>` : table(shown, Date.parse(at))}
${joined.length > SHOWN ? html`<p class="none">Older ones: <a href="/api/v1/incidents">all incidents as JSON</a>.</p>` : undefined}`;
}

/** Both links to the broker that fail at once are one incident: it is the broker that does. */
function joinBroker(all: readonly IncidentView[]): Row[] {
  const partners = new Map<IncidentView, IncidentView>();
  for (const write of all) {
    const taken = [...partners.values()];
    const read = all.find((one) => isSameOutage(write, one) && !taken.includes(one));
    if (read !== undefined) partners.set(write, read);
  }
  const joined = new Set(partners.values());
  return all
    .filter((incident) => !joined.has(incident))
    .map((incident) => {
      const read = partners.get(incident);
      return read === undefined ? incident : join(incident, read);
    });
}

type Row = Omit<IncidentView, 'operation'>;

const SAME_MS = 60_000;

function isSameOutage(write: IncidentView, read: IncidentView): boolean {
  const isBroker = write.operation === 'queue/write' && read.operation === 'queue/read';
  const apartMs = Math.abs(Date.parse(write.startedAt) - Date.parse(read.startedAt));
  return isBroker && apartMs <= SAME_MS && [write, read].every(({ light }) => light === 'red');
}

/** From the earlier start to the later end. */
function join(write: IncidentView, read: IncidentView): Row {
  const earlier = write.startedAt < read.startedAt ? write : read;
  const isOpen = write.endedAt === null || read.endedAt === null;
  const later = (write.endedAt ?? '') > (read.endedAt ?? '') ? write : read;
  return {
    ...write,
    name: 'Queue write and queue read',
    startedAt: earlier.startedAt,
    endedAt: isOpen ? null : later.endedAt,
    durationMs: Math.max(write.durationMs, read.durationMs),
  };
}

function table(shown: readonly Row[], nowMs: number): Html {
  return html`<table>
<thead><tr><th scope="col">What failed</th><th scope="col">Start (UTC)</th><th scope="col">End (UTC)</th><th scope="col">Length</th><th scope="col">Report</th></tr></thead>
<tbody>${shown.map((incident) => row(incident, nowMs))}</tbody>
</table>`;
}

function row({ name, light, startedAt, endedAt, durationMs, code, message }: Row, nowMs: number): Html {
  return html`<tr${endedAt === null ? html` class="open"` : undefined}>
<th scope="row">${lightWithWord(light, name)}</th>
<td data-label="Start (UTC)">${utcTime(startedAt)}</td>
<td data-label="End (UTC)">${endedAt === null ? html`<strong>not yet</strong>` : utcTime(endedAt)}</td>
<td data-label="Length">${endedAt === null ? timeSince(startedAt, nowMs) : formatDuration(durationMs)}</td>
<td data-label="Report"><span class="code">${code === null ? '' : String(code).padStart(3, '0')}</span> <bdi>${shorten(visibleText(message), MAX_REPORT_BYTES)}</bdi></td>
</tr>`;
}
