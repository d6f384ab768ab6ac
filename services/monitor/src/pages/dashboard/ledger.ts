import type { LedgerView } from '../../ledger/ledger-view.js';
import type { LedgerLightView, StatusView } from '../../view/status-view.js';
import { visibleText } from '../../words/format.js';
import { wordOf } from '../../words/light-words.js';
import { type Html, html } from '../html.js';
import { lightIcon } from '../light-icon.js';
import { timeAgo, timeSince } from '../running-time.js';
import { causeMark, maintenanceMark } from './operation-card.js';

/** The fifth light: whether the ledger can be used and is complete, and the link to its page. */
export function ledger(view: LedgerView, shown: LedgerLightView, { at, likelyCause }: StatusView): Html {
  const nowMs = Date.parse(at);
  const { light, since, heartbeat } = shown;
  const isCause = likelyCause === 'ledger';
  return html`<h2 id="ledger">Ledger${isCause ? causeMark(light) : undefined}</h2>
<p class="state ${light}">${lightIcon(light)} <strong>${wordOf('ledger', light)}</strong>${since === null || light === 'grey' ? undefined : html` for ${timeSince(since, nowMs)}`}</p>
${maintenanceMark(shown)}
<p class="said">${heartbeat === null ? 'Not known yet.' : html`<bdi>${visibleText(heartbeat.message)}</bdi>${light === 'green' ? undefined : html` <span class="exact">found by the ${visibleText(heartbeat.host)}</span>`}`}</p>
${facts(view, nowMs)}<p class="ask-link"><a href="/leases">Which pod had an address?</a></p>`;
}

function facts(
  { error, answeredAt, knownUntil, waiting, waitingMore, gaps }: LedgerView,
  nowMs: number,
): Html | undefined {
  if (answeredAt === null) return undefined;
  return html`<dl class="facts">
${error === null ? undefined : html`<dt>Last read</dt><dd>${timeAgo(answeredAt, nowMs)}</dd>`}
<dt>Complete up to</dt><dd>${knownUntil === null ? 'not known yet' : timeAgo(knownUntil, nowMs)}</dd>
<dt>Outbox</dt><dd>${waitingMore ? 'more than ' : ''}${(waiting ?? 0).toLocaleString('en')} ${waiting === 1 ? 'message' : 'messages'}</dd>
<dt>Gaps in 24 h</dt><dd>${gaps === 0 ? 'none' : html`<a href="/api/v1/gaps">${gaps ?? 'not known'}</a>`}</dd>
</dl>`;
}
