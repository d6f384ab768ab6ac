import type { LeaseView } from '../ledger/ledger-view.js';
import { formatUtc, uncertainty, visibleText } from '../words/format.js';
import { type Html, html } from './html.js';

const END_WORDS: Readonly<Record<NonNullable<LeaseView['endReason']>, string>> = {
  deleted: 'pod deleted',
  finished: 'pod finished',
  changed: 'pod got another address',
  missing: 'pod was gone',
};

/** Leases as a table, each with links to the other questions about it. */
export function leasesTable(leases: readonly LeaseView[], caption: string): Html {
  return html`<table class="leases">
<caption>${caption}</caption>
<thead><tr>${['Pod', 'Address', 'Workload', 'Node', 'From (UTC)', 'To (UTC)', 'End', 'Cluster'].map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${leases.map(row)}</tbody>
</table>`;
}

function row(lease: LeaseView): Html {
  const {
    namespace,
    pod,
    ip,
    ownerKind,
    ownerName,
    workloadKind,
    workload,
    node,
    hostNetwork,
    network,
    cluster,
  } = lease;
  const { startedAt, startedNotBefore, startedNotAfter, startInferred } = lease;
  const { endedAt, endedNotBefore, endedNotAfter, endInferred, endReason } = lease;
  return html`<tr${endedAt === null ? html` class="open"` : undefined}>
<th scope="row"><a href="/leases?${new URLSearchParams({ namespace, pod }).toString()}#answer"><bdi>${visibleText(`${namespace}/${pod}`)}</bdi></a></th>
<td data-label="Address"><a href="/leases?${new URLSearchParams({ ip, at: startedAt }).toString()}#answer">${ip}</a>${network === '' ? undefined : html` <bdi class="tag">${visibleText(network)}</bdi>`}</td>
<td data-label="Workload"><bdi>${visibleText(`${workloadKind ?? ownerKind} ${workload ?? ownerName}`.trim())}</bdi></td>
<td data-label="Node"><bdi>${visibleText(node)}</bdi>${hostNetwork ? tag('host network') : undefined}</td>
<td data-label="From (UTC)">${time(startedAt, startedNotBefore, startedNotAfter)}${startInferred ? tag('inferred') : undefined}</td>
<td data-label="To (UTC)">${endedAt === null ? html`<strong>not yet</strong>` : time(endedAt, endedNotBefore, endedNotAfter)}${endInferred ? tag('inferred') : undefined}</td>
<td data-label="End">${endReason === null ? 'still held' : END_WORDS[endReason]}</td>
<td data-label="Cluster"><bdi>${visibleText(cluster)}</bdi></td>
</tr>`;
}

/** With milliseconds: leases follow each other closely. */
function time(text: string, notBefore: string | null, notAfter: string | null): Html {
  const [day, clock] = formatUtc(Date.parse(text)).split(' ');
  const around = uncertainty(text, notBefore, notAfter);
  return html`<time datetime="${text}">${day} <span class="clock">${clock}</span></time>${around === '' ? undefined : html`<span class="clock">${around}</span>`}`;
}

function tag(word: string): Html {
  return html` <span class="tag">${word}</span>`;
}
