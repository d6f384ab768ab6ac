import type { LedgerView } from '../../ledger/ledger-view.js';
import type { StatusView } from '../../view/status-view.js';
import { visibleText } from '../../words/format.js';
import { type Html, html } from '../html.js';
import { lightWithWord } from '../light-icon.js';
import { timeAgo, timeSince } from '../running-time.js';

/** Whether the ledger is up to date, and the link to its page. */
export function ledger(view: LedgerView, { at, ageLimitMs }: StatusView): Html {
  const nowMs = Date.parse(at);
  return html`<h2 id="ledger">Ledger</h2>
<div class="card">
<p>${stateOf(view, nowMs, ageLimitMs)}</p>
${view.answeredAt === null ? undefined : facts(view, nowMs)}
<p class="ask-link"><a href="/leases">Which pod had an address?</a></p>
</div>`;
}

function stateOf(
  { error, failingSince, answeredAt, knownUntil }: LedgerView,
  nowMs: number,
  ageLimitMs: number,
): Html {
  if (error !== null) {
    const since = failingSince === null ? undefined : html` for ${timeSince(failingSince, nowMs)}`;
    return html`${lightWithWord('red', 'cannot be read')}${since}: <bdi>${visibleText(error)}</bdi>`;
  }
  if (answeredAt === null) return lightWithWord('grey', 'not queried yet');
  if (knownUntil === null) return lightWithWord('grey', 'nothing written yet');
  return nowMs - Date.parse(knownUntil) > ageLimitMs
    ? lightWithWord('yellow', 'behind')
    : lightWithWord('green', 'up to date');
}

function facts(
  { error, answeredAt, knownUntil, waiting, waitingMore, gaps }: LedgerView,
  nowMs: number,
): Html {
  return html`<dl class="facts">
${error === null || answeredAt === null ? undefined : html`<dt>Last read</dt><dd>${timeAgo(answeredAt, nowMs)}</dd>`}
<dt>Complete up to</dt><dd>${knownUntil === null ? 'not known yet' : timeAgo(knownUntil, nowMs)}</dd>
<dt>Outbox</dt><dd>${waitingMore ? 'more than ' : ''}${(waiting ?? 0).toLocaleString('en')} ${waiting === 1 ? 'message' : 'messages'}</dd>
<dt>Gaps in 24 h</dt><dd>${gaps === 0 ? 'none' : html`<a href="/api/v1/gaps">${gaps ?? 'not known'}</a>`}</dd>
</dl>`;
}
