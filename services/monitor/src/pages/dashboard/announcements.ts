import type { AnnouncementView, StatusView } from '../../view/status-view.js';
import { visibleText } from '../../words/format.js';
import { LIGHT_NAMES } from '../../words/operation-names.js';
import { type Html, html } from '../html.js';
import { exactTime, timeSince } from '../running-time.js';

/** What is announced now, and maintenance that is planned; nothing when there is neither. */
export function announcements({ announcements: all, at }: StatusView): Html {
  if (all.length === 0) return html``;
  return html`<section class="announcements" aria-labelledby="announcements"><h2 id="announcements" class="sr">Announcements and planned maintenance</h2>
${announcementList(all, Date.parse(at))}</section>`;
}

export function announcementList(all: readonly AnnouncementView[], nowMs: number): Html {
  return html`<ul class="announcement-list">${all.map((one) => item(one, nowMs))}</ul>`;
}

function item(view: AnnouncementView, nowMs: number): Html {
  const { kind, phase, title, text } = view;
  return html`<li class="${kind} ${phase}"><h3><span class="tag">${tagOf(view)}</span> <bdi>${visibleText(title)}</bdi></h3>
<p>${times(view, nowMs)}${kind === 'maintenance' ? html` ${mutes(view)}` : undefined}</p>
${text === '' ? undefined : html`<p class="text"><bdi>${visibleText(text)}</bdi></p>`}</li>`;
}

function tagOf({ kind, phase }: AnnouncementView): string {
  if (kind === 'announcement') return phase === 'planned' ? 'Announcement, not yet valid' : 'Announcement';
  return { now: 'Maintenance now', planned: 'Planned maintenance', over: 'Past maintenance' }[phase];
}

function times({ from, to, phase }: AnnouncementView, nowMs: number): Html | undefined {
  if (from === null && to === null) return undefined;
  if (from === null) return html`Until ${exactTime(to ?? '')}.`;
  const running = phase === 'now' ? html`, for ${timeSince(from, nowMs)}` : undefined;
  return to === null
    ? html`Since ${exactTime(from)}${running}.`
    : html`From ${exactTime(from)} to ${exactTime(to)}${running}.`;
}

function mutes({ lights, phase }: AnnouncementView): string {
  const what =
    lights === null ? 'All alerts' : `Alerts about ${lights.map((id) => LIGHT_NAMES[id]).join(', ')}`;
  return `${what} ${{ now: 'are muted.', planned: 'will be muted.', over: 'were muted.' }[phase]}`;
}
