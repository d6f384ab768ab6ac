import { createHash } from 'node:crypto';
import type { StatusView } from '../../view/status-view.js';
import { type Html, html } from '../html.js';
import { withoutRunningTexts } from '../running-time.js';
import { alerting } from './alerting.js';
import { announcements } from './announcements.js';
import { answers } from './answers.js';
import { changes } from './changes.js';
import { clusters } from './clusters.js';
import { flow, flowGraph } from './flow.js';
import { headline, problems } from './headline.js';
import { incidents } from './incidents.js';
import { ledger } from './ledger.js';
import { operationCard, operationLink } from './operation-card.js';
import { strip } from './strip.js';
import { unstable } from './unstable.js';
import { uptimeLine } from './uptime.js';

/** A piece of the page that is replaced when it changes. */
export interface Part {
  readonly id: string;
  readonly markup: Html;
  /** Changes with the part's content, apart from running times. */
  readonly version: string;
}

/** The changing pieces of the dashboard by their id, in the order in which they stand on the page. */
export function dashboardParts(view: StatusView): ReadonlyMap<string, Part> {
  const nowMs = Date.parse(view.at);
  const lightOf = (one: string) =>
    view.operations.find(({ operation }) => operation === one)?.light ?? 'grey';
  const pieces: [string, Html][] = [
    ['headline', headline(view)],
    ['answers', answers(view)],
    ['problems', problems(view)],
    ['announcements', announcements(view)],
    ...view.operations.flatMap((operation): [string, Html][] => [
      [linkId(operation.operation), operationLink(operation)],
      [
        cardId(operation.operation),
        operationCard(operation, { nowMs, isLikelyCause: operation.operation === view.likelyCause }),
      ],
      [stripId(operation.operation), strip(operation.name, operation.strip)],
      [uptimeId(operation.operation), uptimeLine(operation)],
    ]),
    ['flow', flow(view.flow, lightOf('queue/read'))],
    ['flow-graph', flowGraph(view.flow)],
    ['clusters', clusters(view)],
    ['incidents', incidents(view)],
    ['alerting', alerting(view)],
    ...(view.workloads === null
      ? []
      : ([
          ['unstable', unstable(view.workloads, view.at)],
          ['changes', changes(view.workloads, nowMs)],
        ] satisfies [string, Html][])),
    ...(view.ledger === null || view.ledgerLight === null
      ? []
      : ([
          ['ledger', ledger(view.ledger, view.ledgerLight, view)],
          [stripId('ledger'), strip('Ledger', view.ledgerLight.strip)],
          [uptimeId('ledger'), uptimeLine(view.ledgerLight)],
        ] satisfies [string, Html][])),
  ];
  return new Map(pieces.map(([id, markup]) => [id, { id, markup, version: versionOf(markup) }]));
}

export const linkId = (operation: string) => `link/${operation}`;
export const cardId = (operation: string) => `card/${operation}`;
export const stripId = (operation: string) => `strip/${operation}`;
export const uptimeId = (operation: string) => `uptime/${operation}`;

/** A part in the attributes by which the page's script finds it. */
export function partAttributes(part: Part): Html {
  return html`data-part="${part.id}" data-version="${part.version}"`;
}

function versionOf(markup: Html): string {
  return createHash('sha256').update(withoutRunningTexts(markup)).digest('base64url').slice(0, 8);
}
