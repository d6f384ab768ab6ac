import type { AnnouncementView } from '../view/status-view.js';
import type { Announcements } from './announcements.js';
import type { Entry } from './entry.js';
import { phaseOf } from './muting.js';

/** How long before its begin an entry is shown on the dashboard. */
const AHEAD_MS = 604_800_000;

/** All entries as they are at a moment: first what is going on, then what is planned, the next first, then what is over. */
export function announcementViews(
  announcements: Pick<Announcements, 'entries' | 'updatedMs'>,
  nowMs: number,
) {
  const order = ['now', 'planned', 'over'] as const;
  return announcements
    .entries()
    .map((entry) => toView(entry, nowMs, announcements.updatedMs(entry.id) ?? nowMs))
    .sort((a, b) => order.indexOf(a.phase) - order.indexOf(b.phase) || timeOf(a, nowMs) - timeOf(b, nowMs));
}

/** Those for the dashboard. */
export function shownNow(views: readonly AnnouncementView[], nowMs: number): AnnouncementView[] {
  return views.filter(
    ({ phase, from }) =>
      phase === 'now' || (phase === 'planned' && Date.parse(from ?? '') <= nowMs + AHEAD_MS),
  );
}

/** What is over last comes first. */
function timeOf({ phase, from, to }: AnnouncementView, nowMs: number): number {
  return phase === 'over' ? nowMs - Date.parse(to ?? '') : Date.parse(from ?? new Date(0).toISOString());
}

function toView(entry: Entry, nowMs: number, updatedMs: number): AnnouncementView {
  const { id, kind, title, text, fromMs, toMs, lights } = entry;
  return {
    id,
    kind,
    title,
    text,
    from: fromMs === undefined ? null : new Date(fromMs).toISOString(),
    to: toMs === undefined ? null : new Date(toMs).toISOString(),
    phase: phaseOf(entry, nowMs),
    lights: lights === undefined ? null : [...lights],
    updatedAt: new Date(updatedMs).toISOString(),
  };
}
