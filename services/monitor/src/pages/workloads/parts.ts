import { visibleText } from '../../words/format.js';
import { WINDOW_NAMES, WINDOWS, type WindowName } from '../../workloads/windows.js';
import { isBehind } from '../../workloads/words.js';
import type { WorkloadsAnswer } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';
import { type LayoutOptions, layout } from '../layout.js';
import { exactTime } from '../running-time.js';

/** A page of workloads. */
export function workloadsLayout(
  options: Pick<LayoutOptions, 'title' | 'content' | 'assets' | 'light' | 'cluster'>,
): Html {
  const scriptPaths = [options.assets.timesPath];
  return layout({ ...options, current: '/workloads', hasLedger: true, scriptPaths });
}

/** Links to the same page for another window of time. @param to the address of the page for a window */
export function windowLinks(current: WindowName, to: (window: WindowName) => string): Html {
  return html`<nav class="windows" aria-label="Window of time">${WINDOW_NAMES.map((window) => html`<a href="${to(window)}"${window === current ? html` aria-current="true"` : undefined}>${WINDOWS[window].words}</a>`)}</nav>`;
}

/** How much an answer is based on. */
type Counted = Pick<
  WorkloadsAnswer,
  'at' | 'window' | 'countedUntil' | 'knownSince' | 'error' | 'unwatched' | 'gaps'
>;

/** What is not counted, or not any more. */
export function countingNote(counted: Counted): Html {
  const { at, countedUntil, error, gaps } = counted;
  if (error !== null)
    return html`<p class="warning" role="alert">The ledger cannot be read: ${error}. ${countedUntil === null ? 'Nothing was counted yet.' : html`Counted is what happened before ${exactTime(countedUntil)}.`}</p>`;
  if (countedUntil === null)
    return html`<p class="warning" role="status">The last two weeks are still being counted: the numbers are too low.</p>`;
  return html`${isBehind(Date.parse(countedUntil), Date.parse(at)) ? html`<p class="warning" role="status">The ledger is behind. Of the time after ${exactTime(countedUntil)} nothing is known.</p>` : undefined}
${gaps.length === 0 ? undefined : html`<p class="warning">${gapWords(gaps)}</p>`}
${unwatchedNote(counted.unwatched)}${beginning(counted, countedUntil)}`;
}

/** Clusters of which nothing is known any more, whatever is said of the others. */
export function unwatchedNote(unwatched: string | null): Html | undefined {
  if (unwatched === null) return undefined;
  return html`<p class="none">Not said of all: ${visibleText(unwatched)}.</p>
`;
}

function beginning({ at, window, knownSince, gaps }: Counted, countedUntil: string): Html {
  if (knownSince === null)
    return html`<p class="none counted">No end of a pod and no restart has been recorded yet.</p>`;
  const [newest] = gaps;
  // That something may be missing before says so as well.
  const isSaid =
    newest !== undefined && newest.from === null && Date.parse(newest.to) >= Date.parse(knownSince);
  const isShort = !isSaid && Date.parse(knownSince) > Date.parse(at) - WINDOWS[window].ms;
  return html`<p class="none counted">Counted is what happened before ${exactTime(countedUntil)}.${isShort ? html` Nothing is recorded of the time before ${exactTime(knownSince)}.` : undefined}</p>`;
}

/** The newest gap, and how many there are. */
function gapWords([newest, ...more]: Counted['gaps']): Html {
  if (newest === undefined) return html``;
  const begin = newest.from === null ? html`before` : html`from ${exactTime(newest.from)} to`;
  const others =
    more.length === 0 ? '' : `, and in ${more.length} earlier gap${more.length === 1 ? '' : 's'}`;
  return html`Something may be missing ${begin} ${exactTime(newest.to)}${others}; restarts in that time may be counted at its end.`;
}

/** The page of a workload. */
export function workloadPath(
  { cluster, namespace, kind, name }: { cluster: string; namespace: string; kind: string; name: string },
  window: WindowName,
): string {
  const path = ['workloads', namespace, kind, name].map(encodeURIComponent).join('/');
  return `/${path}?${new URLSearchParams({ cluster, window })}`;
}
