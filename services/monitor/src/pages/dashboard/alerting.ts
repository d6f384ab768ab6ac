import type { AlertingView, StatusView } from '../../view/status-view.js';
import { visibleText } from '../../words/format.js';
import { LIGHT_NAMES } from '../../words/operation-names.js';
import { type Html, html } from '../html.js';
import { lightWithWord } from '../light-icon.js';
import { exactTime, timeAgo } from '../running-time.js';

type Channel = AlertingView['channels'][number];

/** Whether alerts are on, and whether their channels work. */
export function alerting({ alerting: view, at }: StatusView): Html {
  const nowMs = Date.parse(at);
  const { enabled, channels, heldBack } = view;
  return html`<h2 id="alerting">Alerts</h2>
${enabled ? lastAlert(view, nowMs) : html`<p class="none">Alerts are off: no recipient is configured.</p>`}
${mutedLine(view)}
${heldBack === 0 ? undefined : html`<p>${heldBack} suppressed by the hourly limit.</p>`}
${channels.length === 0 ? undefined : html`<ul class="channels">${channels.map((channel) => channelItem(channel, nowMs))}</ul>`}`;
}

/** What no alerts are sent about, so that nobody takes silence for health. */
function mutedLine({ enabled, muted }: AlertingView): Html | undefined {
  if (!enabled || muted === null) return undefined;
  const what = muted.workloads
    ? 'All alerts are muted'
    : `Alerts about ${muted.lights.map((id) => LIGHT_NAMES[id]).join(', ')} are muted`;
  return html`<p><strong>${what}</strong> by planned maintenance, which changes at ${exactTime(muted.nextChangeAt)}.</p>`;
}

function lastAlert({ lastAlert: last }: AlertingView, nowMs: number): Html {
  if (last === null) return html`<p class="none">No alert sent yet.</p>`;
  return html`<p>Last alert ${timeAgo(last.at, nowMs)}: <bdi>${visibleText(last.subject)}</bdi></p>`;
}

function channelItem({ kind, target, lastSuccessAt, lastFailureAt, error }: Channel, nowMs: number): Html {
  return html`<li><h3>${visibleText(kind)} <span class="exact">${visibleText(target)}</span></h3>
<p>${error === null ? channelWorks(lastSuccessAt, nowMs) : channelFails(error, lastFailureAt, nowMs)}</p>
${error === null || lastSuccessAt === null ? undefined : html`<p class="exact">worked last ${timeAgo(lastSuccessAt, nowMs)}</p>`}
${error !== null || lastFailureAt === null ? undefined : html`<p class="exact">failed last ${timeAgo(lastFailureAt, nowMs)}</p>`}</li>`;
}

function channelWorks(lastSuccessAt: string | null, nowMs: number): Html {
  if (lastSuccessAt === null) return lightWithWord('grey', 'not used yet');
  return html`${lightWithWord('green', 'works')}, last used ${timeAgo(lastSuccessAt, nowMs)}`;
}

function channelFails(error: string, lastFailureAt: string | null, nowMs: number): Html {
  const when = lastFailureAt === null ? undefined : html` ${timeAgo(lastFailureAt, nowMs)}`;
  return html`${lightWithWord('red', 'failed')}${when}: <bdi>${visibleText(error)}</bdi>`;
}
