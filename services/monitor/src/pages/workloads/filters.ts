import { visibleText } from '../../words/format.js';
import type { Choices } from '../../workloads/book.js';
import type { WindowName } from '../../workloads/windows.js';
import { type Html, html } from '../html.js';

/** What the page is asked for. */
export interface WorkloadFields {
  readonly window: WindowName;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly kind: string | undefined;
  /** Rows at most. */
  readonly limit: number;
}

/** What the list can be limited to. Texts are as they were asked for, also when there is no such workload. */
export function filters(fields: WorkloadFields, { clusters, namespaces, kinds }: Choices): Html {
  const isFiltered = [fields.cluster, fields.namespace, fields.kind].some((one) => one !== undefined);
  return html`<form class="filters" action="/workloads" method="get" aria-label="Filters">
<input type="hidden" name="window" value="${fields.window}">
${clusters.length > 1 || fields.cluster !== undefined ? choice('cluster', 'Cluster', fields.cluster, clusters) : undefined}
${choice('namespace', 'Namespace', fields.namespace, namespaces)}
${choice('kind', 'Kind', fields.kind, kinds)}
<button type="submit">Filter</button>${isFiltered ? html` <a href="/workloads?window=${fields.window}">Show all</a>` : undefined}
</form>`;
}

function choice(name: string, label: string, chosen: string | undefined, known: readonly string[]): Html {
  const all = chosen === undefined || known.includes(chosen) ? known : [chosen, ...known];
  return html`<label>${label} <select name="${name}"><option value="">all</option>${all.map((value) => html`<option${value === chosen ? html` selected` : undefined}>${visibleText(value)}</option>`)}</select></label>`;
}
