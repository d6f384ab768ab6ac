import type { Operation } from '@podips/shared';
import { clusterLight } from '../view/overview.js';
import type { StatusView } from '../view/status-view.js';
import { formatDuration, visibleText } from '../words/format.js';
import { LIGHT_WORDS, wordOf } from '../words/light-words.js';
import {
  cardId,
  dashboardParts,
  linkId,
  type Part,
  partAttributes,
  stripId,
  uptimeId,
} from './dashboard/parts.js';
import { type Html, html } from './html.js';
import { type Assets, layout } from './layout.js';
import { exactTime } from './running-time.js';

/** Without JavaScript the page reloads itself. */
const REFRESH_SECONDS = 60;

/** The node before each operation in the chain; Fluentd ends it. */
const NODES: Readonly<Record<Operation, string>> = {
  kubernetes: 'Kubernetes',
  'queue/write': 'reader',
  'queue/read': 'queue',
  log: 'writer',
};
const LAST_NODE = 'Fluentd';

/** The whole dashboard. */
export function dashboardPage(view: StatusView, assets: Assets): Html {
  const parts = dashboardParts(view);
  const content = html`
<p id="lost" class="lost" role="status"><strong>This page is not live.</strong> It shows the state at ${exactTime(view.at)}; <a href="/">reload it</a>.</p>
${slot(parts, 'headline', html`aria-live="polite" aria-atomic="true"`)}
${slot(parts, 'problems')}
<section aria-labelledby="chain"><h2 id="chain" class="sr">The chain, in the order in which data flows</h2>
<ol class="operations">${view.operations.map(({ operation }, index) => chainLink(parts, operation, index === view.operations.length - 1))}</ol></section>
${slot(parts, 'announcements')}
${slot(parts, 'clusters')}
<div class="panels">
${view.ledgerLight === null ? undefined : html`<section class="card" aria-labelledby="ledger">${slot(parts, 'ledger')}${slot(parts, stripId('ledger'))}${slot(parts, uptimeId('ledger'))}</section>`}
<section class="card" aria-labelledby="flow">${slot(parts, 'flow')}${slot(parts, 'flow-graph')}</section>
${slot(parts, 'unstable', html`class="card" role="region" aria-labelledby="unstable"`)}
${slot(parts, 'changes', html`class="card" role="region" aria-labelledby="changes"`)}
${slot(parts, 'incidents', html`class="card wide" role="region" aria-labelledby="incidents"`)}
${slot(parts, 'alerting', html`class="card" role="region" aria-labelledby="alerting"`)}
${slot(parts, 'answers', html`class="card" role="region" aria-labelledby="answers"`)}
</div>`;
  // Right for a page whose script did not load; the script replaces it.
  const loaded = html`Rendered at ${exactTime(view.at)}.<noscript> The page reloads every ${REFRESH_SECONDS} s.</noscript>`;
  const footer = html`<p>A heartbeat is valid for ${formatDuration(view.ageLimitMs)}. <span id="loaded">${loaded}</span></p>`;
  return layout({
    title: dashboardTitle(view),
    light: view.overall,
    assets,
    content,
    footer,
    current: '/',
    cluster: view.cluster,
    hasLedger: view.ledger !== null,
    live: { nowMs: Date.parse(view.at), refreshSeconds: REFRESH_SECONDS },
  });
}

/** The worst state first: a tab shows little more. */
export function dashboardTitle({
  worst,
  overall,
  cluster,
  clusters,
  operations,
  ledgerLight,
}: StatusView): string {
  const [first, ...more] = worst === overall ? [] : clusters.filter((one) => clusterLight(one) === overall);
  const whose =
    first === undefined ? '' : `${first.name}${more.length > 0 ? ` and ${more.length} more` : ''} `;
  const isOfLedger = first === undefined && operations.every(({ light }) => light !== overall);
  const isLate = isOfLedger && ledgerLight?.light !== overall;
  const word = isLate ? 'late' : isOfLedger ? wordOf('ledger', overall) : LIGHT_WORDS[overall];
  return `${visibleText(whose)}${word} – ${visibleText(cluster)} – podips monitor`;
}

function chainLink(parts: ReadonlyMap<string, Part>, operation: Operation, isLast: boolean): Html {
  return html`<li>
<span class="node" aria-hidden="true">${NODES[operation]}</span>
${slot(parts, linkId(operation), html`class="link"`)}
<div class="card">${slot(parts, cardId(operation))}${slot(parts, stripId(operation))}${slot(parts, uptimeId(operation))}</div>
${isLast ? html`<span class="node last" aria-hidden="true">${LAST_NODE}</span>` : undefined}
</li>`;
}

/** A part in an element that stays when the part is replaced. */
function slot(parts: ReadonlyMap<string, Part>, id: string, attributes: Html = html``): Html {
  const part = parts.get(id);
  return part === undefined ? html`` : html`<div ${attributes} ${partAttributes(part)}>${part.markup}</div>`;
}
