import type { Answer, Light, Scope } from '../../status/lights.js';
import type { StatusView } from '../../view/status-view.js';
import { type Html, html } from '../html.js';
import { lightWithWord } from '../light-icon.js';

const SUMMARIES: readonly { readonly scope: Scope; readonly name: string }[] = [
  { scope: 'read', name: 'Reader' },
  { scope: 'write', name: 'Writer' },
  { scope: 'all', name: 'Both' },
];

/** Reader, writer and both, as other programs are answered. */
export function answers(view: StatusView): Html {
  return html`<h2 id="answers">For scripts</h2>
<dl class="answers">${SUMMARIES.map(
    ({ scope, name }) =>
      html`<div><dt><a href="/podips/${scope}">${name}</a></dt><dd>${lightWithWord(lightFor(view.answers[scope]), view.answers[scope])}</dd></div>`,
  )}</dl>`;
}

function lightFor(answer: Answer): Light {
  if (answer === 'success') return 'green';
  return answer === 'fail' ? 'red' : 'yellow';
}
