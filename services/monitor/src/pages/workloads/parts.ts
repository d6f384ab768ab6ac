import { WINDOW_NAMES, WINDOWS, type WindowName } from '../../workloads/windows.js';
import { type Html, html } from '../html.js';
import { exactTime } from '../running-time.js';

/** Links to the same page for another window of time. @param to the address of the page for a window */
export function windowLinks(current: WindowName, to: (window: WindowName) => string): Html {
  return html`<nav class="windows" aria-label="Window of time">${WINDOW_NAMES.map((window) => html`<a href="${to(window)}"${window === current ? html` aria-current="true"` : undefined}>${WINDOWS[window].words}</a>`)}</nav>`;
}

/** What is not counted, or not any more. */
export function countingNote({
  countedUntil,
  error,
}: {
  readonly countedUntil: string | null;
  readonly error: string | null;
}): Html {
  if (error !== null)
    return html`<p class="warning" role="alert">The ledger cannot be read: ${error}. ${countedUntil === null ? 'Nothing was counted yet.' : html`Counted is what happened before ${exactTime(countedUntil)}.`}</p>`;
  if (countedUntil === null)
    return html`<p class="warning" role="status">The last two weeks are still being counted: the numbers are too low.</p>`;
  return html`<p class="none">Counted is what happened before ${exactTime(countedUntil)}.</p>`;
}

/** The page of a workload. */
export function workloadPath(
  { cluster, namespace, kind, name }: { cluster: string; namespace: string; kind: string; name: string },
  window: WindowName,
): string {
  const path = ['workloads', namespace, kind, name].map(encodeURIComponent).join('/');
  return `/${path}?${new URLSearchParams({ cluster, window })}`;
}
