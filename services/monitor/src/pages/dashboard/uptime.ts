import type { ShownLight } from '../../view/status-view.js';
import { uptimeDetails, uptimeWords } from '../../words/uptime.js';
import { type Html, html } from '../html.js';

/** The uptime of a light in some windows, in a line; windows with the same figure share a place. */
export function uptimeLine({ uptime }: Pick<ShownLight, 'uptime'>): Html {
  // A light without any report says so already.
  if (uptime.every(({ percent }) => percent === null)) return html``;
  const places = new Map<string, { window: string; details: string }[]>();
  for (const one of uptime) {
    const words = uptimeWords(one);
    const window = one.window.replace(/(\d)(\D)/, '$1 $2');
    const details = uptimeDetails(one) || 'always working';
    places.set(words, [...(places.get(words) ?? []), { window, details }]);
  }
  return html`<dl class="uptime">${[...places].map(
    ([words, shared]) =>
      html`<div title="${detailsOf(shared)}"><dt>${shared.map(({ window }) => window).join(', ')}</dt><dd>${words}</dd></div>`,
  )}</dl>`;
}

/** The details of each window, or once what is the same of all. */
function detailsOf(shared: readonly { readonly window: string; readonly details: string }[]): string {
  const [first] = shared;
  if (shared.every(({ details }) => details === first?.details)) return first?.details ?? '';
  return shared.map(({ window, details }) => `${window}: ${details}`).join('; ');
}
