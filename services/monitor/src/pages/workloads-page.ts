import type { Light } from '../status/lights.js';
import { visibleText } from '../words/format.js';
import { WINDOWS, type WindowName } from '../workloads/windows.js';
import { causeWords } from '../workloads/words.js';
import type { NodeEventView, WorkloadsAnswer, WorkloadView } from '../workloads/workload-view.js';
import { type Html, html } from './html.js';
import { type Assets, layout } from './layout.js';
import { exactTime, timeAgo } from './running-time.js';
import { countingNote, windowLinks, workloadPath } from './workloads/parts.js';
import { trace } from './workloads/trace.js';

/** What the page is asked for. */
export interface WorkloadFields {
  readonly window: WindowName;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly kind: string | undefined;
}

export interface WorkloadsPageOptions {
  readonly answer: WorkloadsAnswer;
  readonly fields: WorkloadFields;
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly cluster: string;
}

const MAX_NODE_EVENTS = 5;

/** The workloads to which something happened, the worst first. */
export function workloadsPage({ answer, fields, assets, light, cluster }: WorkloadsPageOptions): Html {
  const { workloads, total, nodeEvents } = answer;
  const troubled = workloads.filter(({ replaced, restarts, failed }) => replaced + restarts + failed > 0);
  const content = html`
<h1>Workloads</h1>
<p class="lead">Whose pods are replaced, whose containers restart and whose pods fail, the worst first. Rollouts, scaling and runs that complete do not count.</p>
${windowLinks(fields.window, (window) => pathOf({ ...fields, window }))}
${filters(fields)}
${countingNote(answer)}
${nodeEvents.slice(0, MAX_NODE_EVENTS).map((event) => nodeEvent(event))}
${troubled.length === 0 ? html`<p class="answer">Nothing unusual in the ${WINDOWS[fields.window].words}.</p>` : table(troubled, fields, Date.parse(answer.at))}
${total > workloads.length ? html`<p class="more"><strong>There are more:</strong> ${total} workloads started or ended pods; only the worst ${workloads.length} are shown.</p>` : undefined}
<p class="more"><a href="/api/v1/workloads?${queryOf(fields)}">This as JSON</a></p>`;
  const title = `Workloads – ${visibleText(cluster)} – podips monitor`;
  return layout({ title, light, assets, content, current: '/workloads', cluster, hasLedger: true });
}

function table(workloads: readonly WorkloadView[], fields: WorkloadFields, nowMs: number): Html {
  return html`<table class="leases ranking">
<caption>In the ${WINDOWS[fields.window].words}</caption>
<thead><tr>${['Workload', 'Kind', 'Replaced', 'Restarts', 'Failed', 'Usually', 'Last one', 'Last 24 hours'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${workloads.map((workload) => row(workload, fields, nowMs))}</tbody>
</table>`;
}

function row(workload: WorkloadView, fields: WorkloadFields, nowMs: number): Html {
  const { namespace, name, kind, replaced, restarts, failed, usual, unstable } = workload;
  return html`<tr${unstable === null ? undefined : html` class="unstable"`}>
<th scope="row"><a href="${workloadPath(workload, fields.window)}"><bdi>${visibleText(`${namespace}/${name}`)}</bdi></a> ${unstable === null ? undefined : html`<span class="tag red">unstable</span>`}</th>
<td data-label="Kind"><bdi>${visibleText(kind)}</bdi></td>
<td data-label="Replaced">${replaced}</td>
<td data-label="Restarts">${restarts}</td>
<td data-label="Failed">${failed}</td>
<td data-label="Usually">${usual === null ? 'not known' : Math.round(usual * 10) / 10}</td>
<td data-label="Last one">${lastOne(workload, nowMs)}</td>
<td data-label="Last 24 hours">${trace(workload.trace)}</td>
</tr>`;
}

function lastOne({ lastCause, lastExitCode, lastAt }: WorkloadView, nowMs: number): Html | undefined {
  if (lastAt === null) return undefined;
  return html`<bdi>${visibleText(causeWords(lastCause, lastExitCode))}</bdi>, ${timeAgo(lastAt, nowMs)}`;
}

function nodeEvent({ node, what, pods, workloads, cause, from, to }: NodeEventView): Html {
  return html`<p class="warning">On node <bdi>${visibleText(node)}</bdi>, ${what === 'ended' ? `${pods} pods` : `${pods} containers`} of ${workloads} workloads ${what === 'ended' ? 'ended' : 'were restarted'} together (${visibleText(cause)}) from ${exactTime(from)} to ${exactTime(to)}. They do not count below.</p>`;
}

/** What the list is limited to, each with a link that lifts the limit. */
function filters(fields: WorkloadFields): Html | undefined {
  const limits = (['cluster', 'namespace', 'kind'] as const).filter((field) => fields[field] !== undefined);
  if (limits.length === 0) return undefined;
  return html`<p>Only ${limits.map((field) => html`${field} <strong><bdi>${visibleText(fields[field] ?? '')}</bdi></strong> (<a href="${pathOf({ ...fields, [field]: undefined })}">show all</a>) `)}</p>`;
}

function pathOf(fields: WorkloadFields): string {
  return `/workloads?${queryOf(fields)}`;
}

function queryOf(fields: WorkloadFields): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) query.set(name, value);
  return query.toString();
}
