import { OPERATIONS, type Operation } from '@podips/shared';
import { type Answer, answerOf, lightOf, type Scope, worstLight } from '../lights.js';
import type { Heartbeat, Statuses } from '../statuses.js';
import { formatDuration, formatUtc, visibleText } from './format.js';
import { type Html, html } from './html.js';
import { layout } from './layout.js';
import { LIGHT_WORDS, lightIcon } from './light-icon.js';

export interface DashboardModel {
  readonly statuses: Statuses;
  /** What keeps heartbeats from being saved. */
  readonly problem: string | undefined;
  readonly nowMs: number;
  readonly ageLimitMs: number;
  readonly stylePath: string;
}

const REFRESH_SECONDS = 60;

const OPERATION_NAMES: Readonly<Record<Operation, string>> = {
  kubernetes: 'Kubernetes read',
  'queue/write': 'Queue write',
  'queue/read': 'Queue read',
  log: 'Fluentd write',
};

const SUMMARIES: readonly { readonly scope: Scope; readonly name: string }[] = [
  { scope: 'read', name: 'Reader' },
  { scope: 'write', name: 'Writer' },
  { scope: 'all', name: 'Both' },
];

/** The four operations in the order in which data flows, each with its light and its last heartbeat. */
export function dashboardPage(model: DashboardModel): Html {
  const { statuses, problem, nowMs, ageLimitMs, stylePath } = model;
  const lights = OPERATIONS.map((operation) => lightOf(statuses[operation], nowMs, ageLimitMs));
  const worst = worstLight(lights);
  const content = html`
<h1>${lightIcon(worst)}</h1>
${problem === undefined ? undefined : html`<p class="warning" role="alert">Warning: ${problem}.</p>`}
<dl class="summary">${SUMMARIES.map(({ scope, name }) => summaryItem(name, answerOf(scope, statuses, nowMs, ageLimitMs)))}</dl>
<ol class="operations">${OPERATIONS.map((operation) => operationItem(operation, model))}</ol>
<p class="note">As of <time datetime="${new Date(nowMs).toISOString()}">${formatUtc(nowMs)}</time>.
A heartbeat counts for ${formatDuration(ageLimitMs)}. This page loads itself again every ${REFRESH_SECONDS} s.</p>`;
  return layout({
    title: `${LIGHT_WORDS[worst]} – podips monitor`,
    stylePath,
    content,
    refreshSeconds: REFRESH_SECONDS,
  });
}

function summaryItem(name: string, answer: Answer): Html {
  return html`<div><dt>${name}</dt><dd>${answer}</dd></div>`;
}

function operationItem(operation: Operation, { statuses, nowMs, ageLimitMs }: DashboardModel): Html {
  const heartbeat = statuses[operation];
  return html`
<li>
<h2>${OPERATION_NAMES[operation]}</h2>
${lightIcon(lightOf(heartbeat, nowMs, ageLimitMs))}
${heartbeat === undefined ? html`<p>No heartbeat has come yet.</p>` : heartbeatDetails(heartbeat, nowMs)}
</li>`;
}

function heartbeatDetails(
  { code, message, receivedAtMs, remoteAddress, host }: Heartbeat,
  nowMs: number,
): Html {
  // bdi keeps the direction of a text to itself.
  return html`<dl>
<dt>Code</dt><dd>${String(code).padStart(3, '0')}</dd>
<dt>Message</dt><dd><bdi>${visibleText(message)}</bdi></dd>
<dt>Time</dt><dd><time datetime="${new Date(receivedAtMs).toISOString()}">${formatUtc(receivedAtMs)}</time></dd>
<dt>Age</dt><dd>${formatDuration(nowMs - receivedAtMs)}</dd>
<dt>Address</dt><dd>${remoteAddress}</dd>
<dt>Host</dt><dd>${visibleText(host)}</dd>
</dl>`;
}
