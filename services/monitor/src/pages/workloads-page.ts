import type { Light } from '../status/lights.js';
import { visibleText } from '../words/format.js';
import { type Choices, MAX_WORKLOADS } from '../workloads/book.js';
import { causeWords, nothingWords, windowWords } from '../workloads/words.js';
import type { NodeEventView, WorkloadsAnswer, WorkloadView } from '../workloads/workload-view.js';
import { type Html, html } from './html.js';
import type { Assets } from './layout.js';
import { exactTime, timeAgo } from './running-time.js';
import { filters, type WorkloadFields } from './workloads/filters.js';
import { countingNote, windowLinks, workloadPath, workloadsLayout } from './workloads/parts.js';
import { trace } from './workloads/trace.js';

export interface WorkloadsPageOptions {
  readonly answer: WorkloadsAnswer;
  readonly fields: WorkloadFields;
  readonly choices: Choices;
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly cluster: string;
}

const MAX_NODE_EVENTS = 5;
/** The page shows so many at first, and no more than that. */
export const SHOWN = 20;
export const MAX_SHOWN = 500;

/** The workloads to which something happened, the worst first. */
export function workloadsPage({
  answer,
  fields,
  choices,
  assets,
  light,
  cluster,
}: WorkloadsPageOptions): Html {
  const { workloads, total, leavesOut, nodeEvents } = answer;
  const troubled = workloads.filter(({ replaced, restarts, failed }) => replaced + restarts + failed > 0);
  const content = html`
<h1>Workloads</h1>
<p class="lead">Whose pods are replaced, whose containers restart and whose pods fail, the worst first. Rollouts, scaling and runs that complete do not count; pods without an owner only when they fail or restart.</p>
${windowLinks(fields.window, (window) => pathOf({ ...fields, window }))}
${filters(fields, choices)}
${countingNote(answer)}
${nodeEvents.slice(0, MAX_NODE_EVENTS).map((event) => nodeEvent(event))}
${nodeEvents.length > MAX_NODE_EVENTS ? html`<p class="warning">The same happened ${nodeEvents.length - MAX_NODE_EVENTS} more times before.</p>` : undefined}
${troubled.length === 0 ? html`<p class="answer">${nothingWords(answer, fields.window, 'Nothing unusual')}</p>` : table(troubled, fields, Date.parse(answer.at))}
${total > workloads.length ? html`<p class="more"><strong>There are more:</strong> ${total} workloads started or ended pods; only the worst ${workloads.length} are shown. ${fields.limit < MAX_SHOWN ? html`<a href="${pathOf({ ...fields, limit: MAX_SHOWN })}">Show ${MAX_SHOWN}</a>` : undefined}</p>` : undefined}
${leavesOut ? html`<p class="more"><strong>Not all are counted:</strong> there are more than ${MAX_WORKLOADS.toLocaleString('en')} workloads, and those that nothing happened to for longest are left out.</p>` : undefined}
<p class="more"><a href="/api/v1/workloads?${queryOf(fields)}">This as JSON</a></p>`;
  const title = `Workloads – ${visibleText(cluster)} – podips monitor`;
  return workloadsLayout({ title, content, assets, light, cluster });
}

function table(workloads: readonly WorkloadView[], fields: WorkloadFields, nowMs: number): Html {
  // Those of a cluster whose ledger is behind say so themselves where the others' are not.
  const untilMs = Math.max(...workloads.map(({ until }) => Date.parse(until)));
  return html`<table class="leases ranking">
<caption>${windowWords(fields.window, untilMs, nowMs).replace('in', 'In')}</caption>
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

function pathOf(fields: WorkloadFields): string {
  return `/workloads?${queryOf(fields)}`;
}

function queryOf(fields: WorkloadFields): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined && value !== SHOWN) query.set(name, String(value));
  return query.toString();
}
