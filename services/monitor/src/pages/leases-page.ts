import type { LeasesAnswer } from '../ledger/ledger-view.js';
import type { Light } from '../status/lights.js';
import { visibleText } from '../words/format.js';
import { type Html, html } from './html.js';
import { type Assets, layout } from './layout.js';
import { leasesTable } from './leases-table.js';

/** The fields of the forms, as they were typed. */
export interface LeasesFields {
  readonly ip: string;
  readonly at: string;
  readonly namespace: string;
  readonly pod: string;
}

/** Why there is no answer: a field that is wrong, or no field when the ledger is unavailable. */
export interface LeasesProblem {
  readonly field: string | undefined;
  readonly text: string;
}

export interface LeasesPageOptions {
  readonly fields: LeasesFields;
  /** Undefined: nothing was asked yet. */
  readonly outcome: LeasesAnswer | LeasesProblem | undefined;
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly cluster: string;
}

interface Field {
  readonly name: keyof LeasesFields;
  readonly label: string;
  readonly hint: string;
  readonly required: boolean;
}

const ADDRESS_FIELDS: readonly Field[] = [
  { name: 'ip', label: 'Address', hint: 'IPv4 or IPv6, for example 10.1.2.3', required: true },
  {
    name: 'at',
    label: 'Time (UTC)',
    hint: 'for example 2026-01-31 14:05, as in a log, or 5 minutes ago; empty: the newest time that is known',
    required: false,
  },
];
const POD_FIELDS: readonly Field[] = [
  { name: 'namespace', label: 'Namespace', hint: 'for example shop', required: true },
  { name: 'pod', label: 'Pod', hint: 'its whole name, for example web-1', required: true },
];

/** The page that asks the ledger, with the answer to what was asked. */
export function leasesPage({ fields, outcome, assets, light, cluster }: LeasesPageOptions): Html {
  const problem = outcome !== undefined && 'text' in outcome ? outcome : undefined;
  const known = [...ADDRESS_FIELDS, ...POD_FIELDS].some(({ name }) => name === problem?.field);
  const content = html`
<h1>Ledger</h1>
<p class="lead">Which pod had which address, from when to when.</p>
<div class="forms">
${form('by-address', 'Which pod had this address?', ADDRESS_FIELDS, fields, problem)}
${form('by-pod', 'Which addresses did this pod have?', POD_FIELDS, fields, problem)}
</div>
${problem === undefined || known ? undefined : html`<p id="answer" class="warning" role="alert">${sentence(problem.text)}</p>`}
${outcome === undefined || 'text' in outcome ? undefined : answerSection(outcome, fields)}`;
  const title = `${problem === undefined ? '' : 'Error – '}Ledger – ${visibleText(cluster)} – podips monitor`;
  return layout({ title, light, assets, content, current: '/leases', cluster, hasLedger: true });
}

function form(
  id: string,
  heading: string,
  fields: readonly Field[],
  values: LeasesFields,
  problem: LeasesProblem | undefined,
): Html {
  return html`<form class="card ask" action="/leases#answer" method="get" aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
${fields.map((field) => input(field, values[field.name], problem?.field === field.name ? problem.text : undefined))}
<p><button type="submit">Ask</button></p>
</form>`;
}

function input({ name, label, hint, required }: Field, value: string, error: string | undefined): Html {
  const wrong = error === undefined ? undefined : html` aria-invalid="true"`;
  return html`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" value="${visibleText(value)}"${required ? html` required` : undefined}${wrong} aria-describedby="${name}-hint" autocomplete="off" autocapitalize="none" spellcheck="false">
<p id="${name}-hint" class="${error === undefined ? 'exact' : 'wrong'}">${error === undefined ? hint : sentence(error)}</p></div>`;
}

function answerSection(answer: LeasesAnswer, fields: LeasesFields): Html {
  const { leases, candidates, certain, reasons, more, previous, next, notes, at } = answer;
  const asked = Object.entries(fields).filter(([, value]) => value !== '');
  const json = `/api/v1/leases?${new URLSearchParams(asked)}`;
  const around =
    leases.length + candidates.length > 0 ? [] : [previous, next].filter((lease) => lease !== null);
  const texts = [...reasons.map(({ text }) => text), ...notes];
  return html`<section id="answer" aria-labelledby="said">
<h2 id="said" class="answer${certain ? '' : ' unsure'}"><bdi>${visibleText(claimOf(answer))}</bdi></h2>
${limits(texts)}
${at !== null && texts.length === 0 ? html`<p class="none">The ledger has no gap at that time.</p>` : undefined}
${leases.length === 0 ? undefined : leasesTable(leases, at === null ? 'All of its leases' : 'Leases at that time')}
${candidates.length === 0 ? undefined : leasesTable(candidates, 'Leases that may cover that time')}
${around.length === 0 ? undefined : leasesTable(around, 'Leases before and after that time')}
${more ? html`<p class="more"><strong>There are more:</strong> only ${leases.length + candidates.length} are shown.</p>` : undefined}
<p class="more"><a href="${json}">This answer as JSON</a></p>
</section>`;
}

/** The answer without its reasons, which follow as a list. */
function claimOf({ answer, reasons: [first] }: LeasesAnswer): string {
  return first === undefined ? answer : answer.slice(0, answer.indexOf(` ${first.text}`));
}

/** The limits of the answer. */
function limits(texts: readonly string[]): Html | undefined {
  if (texts.length === 0) return undefined;
  return html`<ul class="warning limits" aria-label="What to know about this answer">${texts.map((text) => html`<li><bdi>${visibleText(text)}</bdi></li>`)}</ul>`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
