import { visibleText } from '../../words/format.js';
import type { WorkloadsSummary } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';
import { workloadPath } from '../workloads/parts.js';

/** The worst of the unstable workloads, and the way to the others. */
export function unstable({ unstable: found, total, countedUntil, error }: WorkloadsSummary): Html {
  return html`<h2 id="unstable">Unstable now</h2>
<div class="card">${found.length === 0 ? html`<p>${noneWords(countedUntil, error)}</p>` : html`<ul class="channels">${found.map(item)}</ul>`}
<p class="ask-link"><a href="/workloads">${total > found.length ? `All ${total} unstable workloads, and the others` : 'All workloads'}</a></p>
</div>`;
}

function noneWords(countedUntil: string | null, error: string | null): string {
  if (error !== null) return 'Not known: the ledger cannot be read.';
  return countedUntil === null ? 'Not known yet: the last two weeks are still being counted.' : 'None.';
}

function item(workload: WorkloadsSummary['unstable'][number]): Html {
  const { namespace, name, kind, text } = workload;
  return html`<li><a href="${workloadPath(workload, '1h')}"><bdi>${visibleText(`${namespace}/${name}`)}</bdi></a>, <bdi>${visibleText(kind)}</bdi>: <bdi>${visibleText(text)}</bdi></li>`;
}
