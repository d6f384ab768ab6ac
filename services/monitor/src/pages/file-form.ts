import { FORMAT_NAMES } from '@podips/annotate';
import { FILE_FIELDS, type FileField, type FileFields } from '../annotate/file-options.js';
import { visibleText } from '../words/format.js';
import { type Html, html } from './html.js';
import { sentence } from './leases-forms.js';

/** What is wrong with the form; no field: with the file. */
export interface FileProblem {
  readonly field: FileField | 'file' | undefined;
  readonly text: string;
}

const LABELS: Readonly<Record<FileField, { readonly label: string; readonly hint: string }>> = {
  tz: { label: 'Time zone', hint: 'of times that name none, for example Europe/Berlin; empty: UTC' },
  ip: { label: 'Columns of addresses', hint: 'by name or number, with commas; empty: detected' },
  time: { label: 'Column of the time', hint: 'or date,time where they are apart; empty: detected' },
  time_format: { label: 'How the time is written', hint: 'for example dd/MM/yyyy HH:mm:ss; empty: detected' },
  at: { label: 'One time for all lines', hint: 'where they have none of their own' },
  format: { label: 'Format', hint: `${FORMAT_NAMES.join(', ')}; empty: detected` },
  skew: { label: 'How far its clock may be off', hint: 'for example 500ms or 5s; empty: 1s' },
  cluster: { label: 'Cluster', hint: 'where several share the database; empty: all of them' },
};

export const NO_FILE_FIELDS: FileFields = {
  ...{ tz: '', ip: '', time: '', time_format: '', at: '', format: '', skew: '', cluster: '' },
};

/** The form that takes a log file. It works without JavaScript. */
export function fileForm(values: FileFields, problem: FileProblem | undefined): Html {
  const [zone, ...others] = FILE_FIELDS;
  const isUsed = others.some((name) => values[name] !== '' || problem?.field === name);
  const input = (name: FileField) =>
    field(name, values[name], problem?.field === name ? problem.text : undefined);
  const wrong = problem?.field === 'file' ? problem.text : undefined;
  return html`<form class="card ask" id="by-file" action="/leases/file#answer" method="post" enctype="multipart/form-data" aria-labelledby="by-file-title">
<h2 id="by-file-title">Whose were the addresses in this log?</h2>
${input(zone)}
<details${isUsed ? html` open` : undefined}><summary>What is not detected rightly</summary>
${others.map(input)}
</details>
<div class="field"${wrong === undefined ? undefined : html` id="answer"`}><label for="file">Log file</label>
<input type="file" id="file" name="file" required${wrong === undefined ? undefined : html` aria-invalid="true"`} aria-describedby="file-hint">
<p id="file-hint" class="${wrong === undefined ? 'exact' : 'wrong'}">${wrong === undefined ? 'CSV, TSV, JSON lines, Zeek, Suricata, VPC flow logs or other lines with addresses; up to 64 MiB, compressed with gzip or not' : sentence(wrong)}</p></div>
<p class="buttons"><button type="submit" name="do" value="preview">Show ten lines</button>
<button type="submit" name="do" value="file">Annotate the file</button></p>
</form>`;
}

function field(name: FileField, value: string, error: string | undefined): Html {
  const { label, hint } = LABELS[name];
  const id = `file-${name}`;
  const wrong = error === undefined ? undefined : html` aria-invalid="true"`;
  return html`<div class="field"${error === undefined ? undefined : html` id="answer"`}><label for="${id}">${label}</label>
<input id="${id}" name="${name}" value="${visibleText(value)}"${wrong} aria-describedby="${id}-hint" autocomplete="off" autocapitalize="none" spellcheck="false">
<p id="${id}-hint" class="${error === undefined ? 'exact' : 'wrong'}">${error === undefined ? hint : sentence(error)}</p></div>`;
}
