import type { Summary } from '@podips/annotate';
import type { FileFields } from '../annotate/file-options.js';
import { visibleText } from '../words/format.js';
import { type FileProblem, fileForm } from './file-form.js';
import { type Html, html } from './html.js';
import { layout } from './layout.js';
import type { LeasesPageOptions } from './leases-page.js';

/** The first lines of a file as they would be annotated. */
export interface FilePreview {
  readonly name: string;
  readonly lines: readonly string[];
  readonly summary: Summary;
}

export interface FilePageOptions extends Pick<LeasesPageOptions, 'assets' | 'light' | 'cluster'> {
  readonly fields: FileFields;
  readonly outcome: FilePreview | FileProblem;
}

/** The answer to a file that was not annotated: its first lines, or what is wrong. */
export function filePage({ fields, outcome, assets, light, cluster }: FilePageOptions): Html {
  const problem = 'text' in outcome ? outcome : undefined;
  const content = html`
<h1>Ledger</h1>
<p class="lead">Whose the addresses in a log file were, line by line.</p>
${'text' in outcome ? undefined : previewSection(outcome)}
${problem === undefined || problem.field !== undefined ? undefined : html`<p id="answer" class="warning" role="alert" tabindex="-1">${sentenceOf(problem.text)}</p>`}
<div class="forms">
${fileForm(fields, problem)}
</div>
<p class="more"><a href="/leases">Ask for one address or pod</a></p>`;
  const title = `${problem === undefined ? '' : 'Error – '}Log file – ${visibleText(cluster)} – podips monitor`;
  return layout({ title, light, assets, content, current: '/leases', cluster, hasLedger: true });
}

function previewSection({ name, lines, summary }: FilePreview): Html {
  const { format, verdicts, addresses, unreadable, firstUnreadable } = summary;
  const { pod, node, nobody, outside, unsure } = verdicts;
  const time = format?.time === '' ? 'one for all lines' : format?.time;
  return html`<section id="answer" aria-labelledby="said" tabindex="-1">
<h2 id="said" class="answer"><bdi>The first lines of ${visibleText(name)}</bdi></h2>
<dl class="facts">
<dt>Format</dt><dd>${visibleText(format?.description ?? 'it is empty')}</dd>
<dt>Addresses</dt><dd>${visibleText(format?.addresses.join(', ') ?? '–')}</dd>
<dt>Time</dt><dd>${visibleText(time ?? '–')}</dd>
<dt>Answers</dt><dd>${addresses} addresses: ${pod} of a pod, ${node} of a node, ${nobody} of no pod, ${outside} outside, ${unsure} not sure</dd>
${unreadable === 0 ? undefined : html`<dt>Not readable</dt><dd>${firstUnreadable.map(({ line, reason }) => html`line ${line}: ${visibleText(reason)} `)}</dd>`}
</dl>
<pre class="lines" role="region" aria-label="The first lines, annotated" tabindex="0">${lines.map((line) => html`${visibleText(line)}\n`)}</pre>
<p>If that is right, choose the file again and annotate it. If not, say below what was not detected rightly.</p>
</section>`;
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
