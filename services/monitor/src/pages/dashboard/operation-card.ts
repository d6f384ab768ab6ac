import type { Light } from '../../status/lights.js';
import type { OperationView } from '../../view/status-view.js';
import { shorten, visibleText } from '../../words/format.js';
import { LIGHT_WORDS } from '../../words/light-words.js';
import { type Html, html } from '../html.js';
import { lightIcon } from '../light-icon.js';
import { exactTime, timeAgo, timeSince } from '../running-time.js';
import { statusMark } from '../status-mark.js';

/** More than a message of 256 letters, less than one of as many invisible characters; the JSON has all of it. */
const MAX_REPORT_BYTES = 400;

export interface CardOptions {
  readonly nowMs: number;
  /** The first of the chain that does not work. */
  readonly isLikelyCause: boolean;
}

/** The light of an operation on the line between its two ends. */
export function operationLink({ light }: OperationView): Html {
  return html`<span class="line ${light}"></span>${lightIcon(light)}`;
}

/** One operation: its light as a word, for how long, and its last heartbeat. */
export function operationCard(view: OperationView, { nowMs, isLikelyCause }: CardOptions): Html {
  const { name, light, since, heartbeat } = view;
  return html`
<h3>${name}${isLikelyCause ? causeMark(light) : undefined}</h3>
<p class="state ${light}"><strong>${LIGHT_WORDS[light]}</strong>${since === null || light === 'grey' ? undefined : html` <span class="lasts">for ${timeSince(since, nowMs)}</span>`}</p>
${maintenanceMark(view)}
${heartbeat === null ? html`<p class="said">No heartbeat received yet.</p>` : lastReport(heartbeat, nowMs)}`;
}

/** That the light may be explained by planned maintenance, which changes nothing else about it. */
export function maintenanceMark({ maintenance }: Pick<OperationView, 'maintenance'>): Html | undefined {
  if (maintenance === null) return undefined;
  return html`<p class="maintenance-mark"><strong>Maintenance planned</strong> until ${exactTime(maintenance.to)}: <bdi>${visibleText(maintenance.title)}</bdi></p>`;
}

/** The mark of the light to look at first. */
export function causeMark(light: Light): Html {
  return html` <span class="cause ${light}">Look here first</span>`;
}

function lastReport(report: NonNullable<OperationView['heartbeat']>, nowMs: number): Html {
  const { code, message, receivedAt, remoteAddress, host } = report;
  // bdi keeps the direction of a text to itself.
  return html`<p class="said">${statusMark({ code, message })}<bdi>${shorten(visibleText(message), MAX_REPORT_BYTES)}</bdi></p>
<p class="exact">Received ${timeAgo(receivedAt, nowMs)}, at ${exactTime(receivedAt)}, from <bdi>${visibleText(host)}</bdi>${host === remoteAddress ? undefined : html`, <bdi>${visibleText(remoteAddress)}</bdi>`}</p>`;
}
