import type { Light } from '../status/lights.js';
import { formatDuration, visibleText } from '../words/format.js';
import type { WorkloadName } from '../workloads/facts.js';
import { WINDOWS, type WindowName } from '../workloads/windows.js';
import { causeWords } from '../workloads/words.js';
import type { PodLifeView, RestartView, WorkloadAnswer, WorkloadView } from '../workloads/workload-view.js';
import { type Html, html } from './html.js';
import type { Assets } from './layout.js';
import { exactTime, utcTime } from './running-time.js';
import { lanes } from './workloads/lanes.js';
import { countingNote, windowLinks, workloadPath, workloadsLayout } from './workloads/parts.js';

export interface WorkloadPageOptions {
  /** Undefined: nothing is known of it. */
  readonly answer: WorkloadAnswer | undefined;
  /** Why it may exist all the same; null: nothing happened to it. */
  readonly doubt: string | null;
  readonly name: WorkloadName;
  readonly window: WindowName;
  /** Rows of each table at most. */
  readonly limit: number;
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly cluster: string;
}

/** Its tables show so many at first. */
export const ROWS = 15;
/** So many pods and restarts of a workload are kept. */
const MAX_KEPT = 60;

/** The lives of a workload's pods. */
export function workloadPage(options: WorkloadPageOptions): Html {
  const { answer, doubt, name, window, assets, light, cluster } = options;
  const title = `${visibleText(`${name.namespace}/${name.name}`)} – Workloads – podips monitor`;
  const content = html`
<h1><bdi>${visibleText(`${name.namespace}/${name.name}`)}</bdi></h1>
<p class="lead"><bdi>${visibleText(name.kind)}</bdi> in cluster <bdi>${visibleText(name.cluster)}</bdi>; <a href="/workloads?window=${window}">all workloads</a></p>
${answer === undefined ? html`<p class="warning" role="alert">${unknownWords(doubt)}.</p>` : known(answer, options)}`;
  return workloadsLayout({ title, content, assets, light, cluster });
}

/** What is said of a workload of which nothing is known. @param doubt why it may exist all the same */
export function unknownWords(doubt: string | null): string {
  if (doubt === null) return 'Nothing is known of this workload in the last two weeks';
  return `Nothing is known of this workload, which may exist all the same: ${doubt}`;
}

function known(answer: WorkloadAnswer, { name, window, limit }: WorkloadPageOptions): Html {
  const { workload, pods, restarts } = answer;
  const toMs = Date.parse(workload.until);
  const fromMs = toMs - WINDOWS[window].ms;
  return html`${windowLinks(window, (other) => workloadPath(name, other))}
${countingNote(answer)}
<p class="answer">${workload.unstable === null ? undefined : html`<span class="tag red">unstable</span> `}<bdi>${visibleText(workload.text)}</bdi></p>
${facts(workload)}
${lanes({ pods, restarts, fromMs, toMs })}
${podsTable(pods, name, limit)}
${restarts.length === 0 ? undefined : restartsTable(restarts, limit)}
${Math.max(pods.length, restarts.length) > limit ? html`<p class="more"><strong>There are more:</strong> only the latest ${limit} are in the tables. <a href="${workloadPath(name, window)}&amp;limit=${MAX_KEPT}">Show all that are kept</a></p>` : undefined}
<p class="more"><a href="/api/v1${workloadPath(name, window)}">This as JSON</a></p>`;
}

/** What the sentence leaves out. */
function facts(workload: WorkloadView): Html {
  const { firstAt, lastAt, lastPod, medianLifeMs, shortestLifeMs, started, ended, disrupted, succeeded } =
    workload;
  const isKnown = medianLifeMs !== null && shortestLifeMs !== null;
  const lives = isKnown
    ? `; those that ended lived ${formatDuration(medianLifeMs)} (median), the shortest ${formatDuration(shortestLifeMs)}`
    : '';
  return html`<dl class="facts">
${firstAt === null ? undefined : html`<dt>First one</dt><dd>${exactTime(firstAt)}</dd>`}
${lastAt === null ? undefined : html`<dt>Last one</dt><dd>${exactTime(lastAt)}, <bdi>${visibleText(lastPod ?? '')}</bdi></dd>`}
<dt>Pods</dt><dd>${started} started, ${ended} ended, of them ${succeeded} completed, ${disrupted} evicted, preempted or lost with their node${lives}</dd>
</dl>`;
}

function podsTable(pods: readonly PodLifeView[], { namespace }: WorkloadName, limit: number): Html {
  const newestFirst = pods.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  const shown = newestFirst.slice(0, limit);
  return html`<table class="leases">
<caption>The latest pods</caption>
<thead><tr>${['Pod', 'Address', 'From (UTC)', 'To (UTC)', 'Life', 'End', 'Node', 'Revision'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${shown.map((pod) => podRow(pod, namespace))}</tbody>
</table>`;
}

function podRow(
  { pod, ip, node, revision, startedAt, endedAt, cause, exitCode }: PodLifeView,
  namespace: string,
): Html {
  const life =
    endedAt === null || ip === '' ? '' : formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
  return html`<tr${endedAt === null ? html` class="open"` : undefined}>
<th scope="row"><a href="/leases?${new URLSearchParams({ namespace, pod }).toString()}"><bdi>${visibleText(pod)}</bdi></a></th>
<td data-label="Address">${ip === '' ? 'never had one' : html`<a href="/leases?${new URLSearchParams(holderQuestion(ip, startedAt, endedAt)).toString()}">${ip}</a>`}</td>
<td data-label="From (UTC)">${utcTime(startedAt)}</td>
<td data-label="To (UTC)">${endedAt === null ? 'runs' : utcTime(endedAt)}</td>
<td data-label="Life">${life}</td>
<td data-label="End">${endedAt === null ? '' : html`<bdi>${visibleText(causeWords(cause, exitCode))}</bdi>`}</td>
<td data-label="Node"><bdi>${visibleText(node)}</bdi></td>
<td data-label="Revision"><bdi>${visibleText(revision)}</bdi></td>
</tr>`;
}

/** Who had the address: now, or in the middle of a life that has ended. */
function holderQuestion(ip: string, startedAt: string, endedAt: string | null): Record<string, string> {
  if (endedAt === null) return { ip };
  return { ip, at: new Date((Date.parse(startedAt) + Date.parse(endedAt)) / 2).toISOString() };
}

function restartsTable(restarts: readonly RestartView[], limit: number): Html {
  return html`<table class="leases">
<caption>The latest restarts of containers</caption>
<thead><tr>${['Pod', 'Container', 'Ended (UTC)', 'How', 'Restarts'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${restarts
    .toReversed()
    .slice(0, limit)
    .map(
      ({ pod, container, at, cause, exitCode, restarts: count }) => html`<tr>
<th scope="row"><bdi>${visibleText(pod)}</bdi></th>
<td data-label="Container"><bdi>${visibleText(container)}</bdi></td>
<td data-label="Ended (UTC)">${utcTime(at)}</td>
<td data-label="How"><bdi>${visibleText(causeWords(cause, exitCode))}</bdi></td>
<td data-label="Restarts">${count === 1 ? '1' : `${count}, of which the times of ${count - 1} are not known`}</td>
</tr>`,
    )}</tbody>
</table>`;
}
