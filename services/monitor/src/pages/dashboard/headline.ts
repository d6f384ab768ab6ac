import { worstLight } from '../../status/lights.js';
import { clusterLight } from '../../view/overview.js';
import type { StatusView } from '../../view/status-view.js';
import { visibleText } from '../../words/format.js';
import { type Html, html } from '../html.js';
import { lightIcon } from '../light-icon.js';
import { exactTime, timeSince } from '../running-time.js';

/** What is broken, and the way to its repair, the first sentence in the largest type of the page; then other clusters. */
export function headline(view: StatusView): Html {
  const { worst, headline: text, incident } = view;
  if (incident !== null) return html`${incidentBox(incident, view)}${elsewhere(view)}`;
  const [first = '', ...others] = visibleText(text).split(/(?<=\.) /);
  const rest = others.length === 0 ? undefined : html` <small>${others.join(' ')}</small>`;
  return html`<h1 class="headline ${worst}">${lightIcon(worst)}<bdi>${first}${rest}</bdi></h1>${elsewhere(view)}`;
}

function incidentBox(
  { what, lights, since, loss, waiting, help, error }: NonNullable<StatusView['incident']>,
  { worst, headline: text, at }: StatusView,
): Html {
  const nowMs = Date.parse(at);
  // Late messages have no light with a history.
  const [atLeast, orEarlier] = lights.length === 0 ? ['at least ', ' or earlier'] : ['', ''];
  return html`<div class="headline ${worst}">${lightIcon(worst)}<div>
<h1>${what}${since === null ? undefined : html` <small>For ${atLeast}${timeSince(since, nowMs)}, since ${exactTime(since)}${orEarlier}.</small>`}</h1>
<p>${loss}${waiting === null ? undefined : html` <strong>Waiting: ${waiting}.</strong>`}</p>
<p><a class="repair" href="${help.path}">How to repair it: ${help.title}</a></p>
<p class="raw"><bdi>${visibleText(error === null || text.includes(error) ? text : error)}</bdi></p>
</div></div>`;
}

function elsewhere({ elsewhere: text, clusters }: StatusView): Html | undefined {
  if (text === '') return undefined;
  const light = worstLight(clusters.map(clusterLight));
  return html`<p class="elsewhere ${light}">${lightIcon(light)} <a href="#clusters"><bdi>${visibleText(text)}</bdi></a></p>`;
}

/** Problems of the monitor itself. */
export function problems({ problems: found }: StatusView): Html {
  if (found.length === 0) return html``;
  return html`<section class="warning" aria-labelledby="problems"><h2 id="problems">The monitor itself has a problem</h2>
<ul>${found.map((problem) => html`<li>${visibleText(problem)}</li>`)}</ul></section>`;
}
