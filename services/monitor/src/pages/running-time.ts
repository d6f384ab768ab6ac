import { formatDuration, formatUtc } from '../words/format.js';
import { type Html, html } from './html.js';

/** `12 s ago`, which the page's script keeps up to date. The exact time is in the attributes. */
export function timeAgo(time: string, nowMs: number): Html {
  const ms = Date.parse(time);
  return html`<time datetime="${time}" data-run="ago" title="${formatUtc(ms)}">${formatDuration(nowMs - ms)} ago</time>`;
}

/** `5 min 2 s`, the time that has passed since, which the page's script keeps up to date. */
export function timeSince(time: string, nowMs: number): Html {
  const ms = Date.parse(time);
  return html`<time datetime="${time}" data-run="since" title="since ${formatUtc(ms)}">${formatDuration(nowMs - ms)}</time>`;
}

/** `2026-01-31 12:00:00 UTC`. */
export function exactTime(time: string): Html {
  return html`<time datetime="${time}">${formatUtc(Date.parse(time)).slice(0, 19)} UTC</time>`;
}

/** `2026-01-31 12:00:00`, where the zone stands beside it. */
export function utcTime(time: string): Html {
  return html`<time datetime="${time}">${formatUtc(Date.parse(time)).slice(0, 19)}</time>`;
}

/** Markup without the texts that the script updates: two that differ only in them show the same. */
export function withoutRunningTexts(markup: Html): string {
  return markup.text.replace(/( data-run="[^>]*>)[^<]*/g, '$1');
}
