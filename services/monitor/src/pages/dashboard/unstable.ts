import { visibleText } from '../../words/format.js';
import { BEHIND_MS } from '../../workloads/words.js';
import type { WorkloadsSummary } from '../../workloads/workload-view.js';
import { type Html, type HtmlValue, html } from '../html.js';
import { exactTime } from '../running-time.js';
import { workloadPath } from '../workloads/parts.js';

/** The worst of the unstable workloads, and the way to the others. */
export function unstable(
  { unstable: found, total, countedUntil, error }: WorkloadsSummary,
  at: string,
): Html {
  const isBehind = countedUntil !== null && Date.parse(at) - Date.parse(countedUntil) > BEHIND_MS;
  return html`<h2 id="unstable">Unstable now</h2>
<div class="card">${found.length === 0 ? html`<p>${noneWords(countedUntil, isBehind, error)}</p>` : html`${isBehind ? html`<p class="none">As of ${exactTime(countedUntil)}: the ledger is behind.</p>` : undefined}<ul class="unstable-list">${found.map(item)}</ul>`}
<p class="ask-link"><a href="/workloads">${total > found.length ? `All ${total} unstable workloads, and the others` : 'All workloads'}</a></p>
</div>`;
}

function noneWords(countedUntil: string | null, isBehind: boolean, error: string | null): HtmlValue {
  if (error !== null) return 'Not known: the ledger cannot be read.';
  if (countedUntil === null) return 'Not known yet: the last two weeks are still being counted.';
  return isBehind
    ? html`None in the hour before ${exactTime(countedUntil)}. The ledger is behind: nothing is known of the time since.`
    : 'None.';
}

function item(workload: WorkloadsSummary['unstable'][number]): Html {
  const { namespace, name, kind, text } = workload;
  return html`<li><a href="${workloadPath(workload, '1h')}"><bdi>${visibleText(`${namespace}/${name}`)}</bdi></a>, <bdi>${visibleText(kind)}</bdi>: <bdi>${visibleText(text)}</bdi></li>`;
}
