import { visibleText } from '../words/format.js';
import { type Html, html } from './html.js';

/** The fields of the forms. */
export const LEASES_FIELDS = [
  'ip',
  'at',
  'from',
  'to',
  'namespace',
  'pod',
  'workload',
  'node',
  'pod_uid',
] as const;
export type LeasesField = (typeof LEASES_FIELDS)[number];

/** As they were typed. */
export type LeasesFields = Readonly<Record<LeasesField, string>>;

/** Why there is no answer: a field that is wrong, or no field when the ledger is unavailable. */
export interface LeasesProblem {
  readonly field: LeasesField | undefined;
  readonly text: string;
}

interface Field {
  readonly name: LeasesField;
  readonly label: string;
  readonly hint: string;
  readonly required?: boolean;
}

interface Form {
  readonly id: string;
  readonly heading: string;
  readonly fields: readonly Field[];
  /** What few people need. */
  readonly details: readonly { readonly summary: string; readonly fields: readonly Field[] }[];
}

const AT: Field = {
  name: 'at',
  label: 'Time (UTC)',
  hint: 'for example 2026-01-31 14:05, as in a log, or 5 minutes ago, or a day; empty: the newest time that is known',
};
const RANGE: readonly Field[] = [
  { name: 'from', label: 'From (UTC)', hint: 'a time or a day, for example 2026-01-31; empty: since ever' },
  { name: 'to', label: 'To (UTC)', hint: 'a later time or day; empty: as far as is known' },
];
const BY_ADDRESS: Form = {
  id: 'by-address',
  heading: 'Which pod had this address?',
  fields: [
    {
      name: 'ip',
      label: 'Address',
      hint: 'IPv4 or IPv6, for example 10.1.2.3; or several, or a network such as 10.1.2.0/24',
      required: true,
    },
    AT,
  ],
  details: [{ summary: 'A range of time', fields: RANGE }],
};
const BY_POD: Form = {
  id: 'by-pod',
  heading: 'Which addresses did these pods have?',
  fields: [
    { name: 'namespace', label: 'Namespace', hint: 'for example shop' },
    {
      name: 'pod',
      label: 'Pod',
      hint: 'its name, for example web-1, or web-* for all that begin so; empty: all',
    },
  ],
  details: [
    {
      summary: 'By workload, node or UID',
      fields: [
        { name: 'workload', label: 'Workload', hint: 'of that namespace, for example the Deployment web' },
        { name: 'node', label: 'Node', hint: 'without a namespace, for example node-3' },
        { name: 'pod_uid', label: 'Pod UID', hint: 'without a namespace, as in the logs of containers' },
      ],
    },
    {
      summary: 'At a time, or in a range of time',
      fields: [{ ...AT, hint: 'a time or a day; empty: now, and of a pod always' }, ...RANGE],
    },
  ],
};
const BY_ADDRESS_FIELDS: readonly LeasesField[] = ['ip', 'at', 'from', 'to'];

/** The forms that ask the ledger, with what was typed and what is wrong with it. */
export function leasesForms(values: LeasesFields, problem: LeasesProblem | undefined): Html {
  const isByPod = LEASES_FIELDS.some((name) => !BY_ADDRESS_FIELDS.includes(name) && values[name] !== '');
  return html`<div class="forms">
${isByPod ? form(BY_ADDRESS, { ip: values.ip }, problem?.field === 'ip' ? problem : undefined) : form(BY_ADDRESS, values, problem)}
${isByPod ? form(BY_POD, values, problem) : form(BY_POD, {}, undefined)}
</div>`;
}

type Values = Partial<LeasesFields>;

function form(
  { id, heading, fields, details }: Form,
  values: Values,
  problem: LeasesProblem | undefined,
): Html {
  const inputs = (some: readonly Field[]) =>
    some.map((field) =>
      input(id, field, values[field.name] ?? '', problem?.field === field.name ? problem.text : undefined),
    );
  return html`<form class="card ask" action="/leases#answer" method="get" aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
${inputs(fields)}
${details.map(({ summary, fields: more }) => {
  const isUsed = more.some(({ name }) => values[name] || problem?.field === name);
  return html`<details${isUsed ? html` open` : undefined}><summary>${summary}</summary>
${inputs(more)}
</details>`;
})}
<p><button type="submit">Ask</button></p>
</form>`;
}

/** The times are in both forms. */
function input(
  formId: string,
  { name, label, hint, required }: Field,
  value: string,
  error: string | undefined,
): Html {
  const id = formId === BY_POD.id && BY_ADDRESS_FIELDS.includes(name) ? `pods-${name}` : name;
  const wrong = error === undefined ? undefined : html` aria-invalid="true"`;
  // The browser goes to the answer, which is here that a field is wrong.
  return html`<div class="field"${error === undefined ? undefined : html` id="answer"`}><label for="${id}">${label}</label>
<input id="${id}" name="${name}" value="${visibleText(value)}"${required ? html` required` : undefined}${wrong} aria-describedby="${id}-hint" autocomplete="off" autocapitalize="none" spellcheck="false">
<p id="${id}-hint" class="${error === undefined ? 'exact' : 'wrong'}">${error === undefined ? hint : sentence(error)}</p></div>`;
}

/** A text of the monitor as a sentence. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
