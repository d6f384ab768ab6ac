import { clusterLight } from '../../view/overview.js';
import type { ClusterView, StatusView } from '../../view/status-view.js';
import { visibleText } from '../../words/format.js';
import { LIGHT_WORDS } from '../../words/light-words.js';
import { type Html, html } from '../html.js';
import { lightIcon } from '../light-icon.js';
import { timeAgo, timeSince } from '../running-time.js';

/** The clusters that other monitors watch; nothing when there are none. */
export function clusters({ clusters: all, at }: StatusView): Html {
  if (all.length === 0) return html``;
  return html`<h2 id="clusters">Other clusters</h2>
<ul class="clusters">${all.map((cluster) => card(cluster, Date.parse(at)))}</ul>`;
}

function card(cluster: ClusterView, nowMs: number): Html {
  const { name, url, reachable, light, headline } = cluster;
  return html`<li class="card${reachable ? '' : ' unreachable'}">
<h3>${lightIcon(clusterLight(cluster))} <a href="${safeUrl(url)}">${visibleText(name)}</a></h3>
${reachable ? answered(cluster, nowMs) : unreachable(cluster, nowMs)}
${light === null ? undefined : html`<p>${reachable ? undefined : 'Last known: '}<bdi>${visibleText(headline)}</bdi></p>`}
<ul class="lights">${cluster.operations.map(
    (operation) =>
      html`<li>${lightIcon(operation.light)} ${visibleText(operation.name)}<span class="sr">: ${LIGHT_WORDS[operation.light]}</span></li>`,
  )}</ul></li>`;
}

function answered({ lastAnswerAt }: ClusterView, nowMs: number): Html | undefined {
  return lastAnswerAt === null
    ? undefined
    : html`<p class="exact">Answered ${timeAgo(lastAnswerAt, nowMs)}</p>`;
}

function unreachable({ error, lastAnswerAt }: ClusterView, nowMs: number): Html {
  return html`<p class="gone"><strong>No answer</strong> ${
    lastAnswerAt === null ? 'yet' : html`for ${timeSince(lastAnswerAt, nowMs)}`
  }${error === null ? undefined : html`: <bdi>${visibleText(error)}</bdi>`}</p>`;
}

/** Links lead to web pages only, whatever stands in the settings. */
function safeUrl(url: string): string {
  return /^https?:\/\//i.test(url) ? url : '#clusters';
}
