import type { LeasesAnswer } from '../ledger/ledger-view.js';
import type { Light } from '../status/lights.js';
import { visibleText } from '../words/format.js';
import { fileForm, NO_FILE_FIELDS } from './file-form.js';
import { type Html, html } from './html.js';
import { type Assets, layout } from './layout.js';
import { type LeasesFields, type LeasesProblem, leasesForms, sentence } from './leases-forms.js';
import { leasesTable } from './leases-table.js';

export interface LeasesPageOptions {
  readonly fields: LeasesFields;
  /** Undefined: nothing was asked yet. */
  readonly outcome: LeasesAnswer | LeasesProblem | undefined;
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly cluster: string;
}

/** The page that asks the ledger. The answer to what was asked stands above the forms: it is what was wanted, on a phone and in print too. */
export function leasesPage({ fields, outcome, assets, light, cluster }: LeasesPageOptions): Html {
  const problem = outcome !== undefined && 'text' in outcome ? outcome : undefined;
  const isAnswered = outcome !== undefined && !('text' in outcome);
  const content = html`
<h1>Ledger</h1>
<p class="lead">Which pod had which address, from when to when.${isAnswered ? html` <a class="again" href="#by-address">Ask again</a>` : undefined}</p>
${problem === undefined || problem.field !== undefined ? undefined : html`<p id="answer" class="warning" role="alert" tabindex="-1">${sentence(problem.text)}</p>`}
${isAnswered ? answerSection(outcome, fields) : undefined}
${leasesForms(fields, problem)}
${
  outcome === undefined
    ? html`<div class="forms">
${fileForm(NO_FILE_FIELDS, undefined)}
</div>`
    : html`<p class="more"><a href="/leases#by-file">Ask for a whole log file</a></p>`
}`;
  const title = `${problem === undefined ? '' : 'Error – '}Ledger – ${visibleText(cluster)} – podips monitor`;
  const scriptPaths = [assets.timesPath];
  return layout({ title, light, assets, content, current: '/leases', cluster, hasLedger: true, scriptPaths });
}

function answerSection(answer: LeasesAnswer, fields: LeasesFields): Html {
  const { leases, candidates, certain, reasons, previous, next, notes, at, to } = answer;
  const asked = Object.entries(fields).filter(([, value]) => value !== '');
  const query = new URLSearchParams(asked).toString();
  const isOne = answer.addresses.length === 0;
  const around =
    leases.length + candidates.length > 0 ? [] : [previous, next].filter((lease) => lease !== null);
  const texts = [...reasons.map(({ text }) => text), ...notes];
  const hasTime = at !== null || to !== null;
  const captions = captionsOf(answer);
  return html`<section id="answer" aria-labelledby="said" tabindex="-1">
<h2 id="said" class="answer${certain ? '' : ' unsure'}"><bdi>${visibleText(claimOf(answer))}</bdi></h2>
${limits(texts)}
${hasTime && isOne && texts.length === 0 ? html`<p class="none">The ledger has no gap at that time.</p>` : undefined}
${leases.length === 0 ? undefined : leasesTable(leases, captions.sure)}
${candidates.length === 0 ? undefined : leasesTable(candidates, captions.perhaps)}
${around.length === 0 ? undefined : leasesTable(around, 'Leases before and after that time')}
${otherAddresses(answer)}
${moreOf(answer, query)}
<p class="more"><a href="/api/v1/leases?${query}">This answer as JSON</a></p>
</section>`;
}

function captionsOf({ at, to }: LeasesAnswer) {
  if (at !== null) return { sure: 'Leases at that time', perhaps: 'Leases that may cover that time' };
  if (to === null) return { sure: 'All of its leases', perhaps: '' };
  return { sure: 'Leases in that time', perhaps: 'Leases that may reach into that time' };
}

/** The sentences of the addresses that had no certain holder; the others are in the table. */
function otherAddresses({ addresses, leases }: LeasesAnswer): Html | undefined {
  const held = new Set(leases.map(({ ip }) => ip));
  const others = addresses.filter(({ ip, certain }) => !certain || !held.has(ip));
  if (others.length === 0) return undefined;
  const summary = `${others.length === 1 ? '1 address' : `${others.length} addresses`} without a certain holder`;
  return html`<details><summary>${summary}</summary>
<ul>${others.map(({ answer }) => html`<li><bdi>${visibleText(answer)}</bdi></li>`)}</ul>
</details>`;
}

function moreOf({ more, cursor, leases, candidates }: LeasesAnswer, query: string): Html | undefined {
  if (!more) return undefined;
  const shown = html`<strong>There are more:</strong> only ${leases.length + candidates.length} are shown.`;
  if (cursor === null) return html`<p class="more">${shown}</p>`;
  const next = `/leases?${query}&${new URLSearchParams({ after: cursor })}#answer`;
  return html`<p class="more">${shown} <a href="${next}">The next ones</a></p>`;
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
