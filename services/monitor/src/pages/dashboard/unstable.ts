import { visibleText } from '../../words/format.js';
import { isBehind, nothingWords } from '../../workloads/words.js';
import type { WorkloadsSummary } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';
import { exactTime } from '../running-time.js';
import { unwatchedNote, workloadPath } from '../workloads/parts.js';

/** The worst of the unstable workloads, and the way to the others. */
export function unstable(
  { unstable: found, total, countedUntil, error, unwatched }: WorkloadsSummary,
  at: string,
): Html {
  const isOld = countedUntil !== null && isBehind(Date.parse(countedUntil), Date.parse(at));
  return html`<h2 id="unstable">Unstable now</h2>
${found.length === 0 ? html`<p>${nothingWords({ at, countedUntil, error }, '1h', 'None')}</p>` : html`${isOld ? html`<p class="none">As of ${exactTime(countedUntil)}: the ledger is behind.</p>` : undefined}<ul class="unstable-list">${found.map(item)}</ul>`}
${unwatchedNote(unwatched)}<p class="ask-link"><a href="/workloads">${total > found.length ? `All ${total} unstable workloads, and the others` : 'All workloads'}</a></p>`;
}

function item(workload: WorkloadsSummary['unstable'][number]): Html {
  const { namespace, name, kind, text } = workload;
  return html`<li><a href="${workloadPath(workload, '1h')}"><bdi>${visibleText(`${namespace}/${name}`)}</bdi></a>, <bdi>${visibleText(kind)}</bdi>: <bdi>${visibleText(text)}</bdi></li>`;
}
