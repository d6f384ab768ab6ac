import type { ShownLight } from '../../view/status-view.js';
import { uptimeDetails, uptimeWords } from '../../words/uptime.js';
import { type Html, html } from '../html.js';

/** The uptime of a light in some windows, in a line; windows of which the same is known share a place. */
export function uptimeLine({ uptime }: Pick<ShownLight, 'uptime'>): Html {
  // A light without any report says so already.
  if (uptime.every(({ percent }) => percent === null)) return html``;
  const places = new Map<string, { windows: string[]; details: string }>();
  for (const one of uptime) {
    const words = uptimeWords(one);
    const windows = [...(places.get(words)?.windows ?? []), one.window.replace(/(\d)(\D)/, '$1 $2')];
    places.set(words, { windows, details: uptimeDetails(one) || 'always working' });
  }
  return html`<dl class="uptime">${[...places].map(
    ([words, { windows, details }]) =>
      html`<div title="${details}"><dt>${windows.join(', ')}</dt><dd>${words}</dd></div>`,
  )}</dl>`;
}
