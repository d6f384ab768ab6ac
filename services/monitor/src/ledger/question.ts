import type { Instant } from '@podips/annotate';
import { InvalidRequestError } from '../words/request-rules.js';
import { type Addresses, parseAddresses } from './question-addresses.js';
import { type Page, parsePage } from './question-page.js';
import { parseTime, type Span } from './question-time.js';

/** Asks which pod had an address at a time. */
export interface AddressQuestion {
  readonly ip: string;
  /** Undefined: now. */
  readonly at: Instant | undefined;
}

/** Asks which pods had these addresses at a time. */
export interface AddressesQuestion {
  readonly addresses: Addresses;
  readonly at: Instant | undefined;
  readonly page: Page;
}

/** Leases of these addresses, or of all pods that these fields name; an empty field is not asked for. */
export type Selection = Addresses | PodSelection;

export interface PodSelection {
  readonly namespace: string;
  /** The name of a pod, or the beginning of names before a `*`. */
  readonly pod: string;
  readonly workload: string;
  readonly workloadKind: string;
  readonly node: string;
  readonly podUid: string;
}

/** Asks for all leases of a selection in a time. */
export interface LeasesQuestion {
  readonly selection: Selection;
  /** Null: whenever it was; undefined: now. */
  readonly time: Instant | Span | null | undefined;
  readonly page: Page;
}

export type Question = AddressQuestion | AddressesQuestion | LeasesQuestion;

const POD_FIELDS = ['namespace', 'pod', 'workload', 'workload_kind', 'node', 'pod_uid'] as const;
const FIELDS = ['ip', 'at', 'from', 'to', ...POD_FIELDS, 'limit', 'after'] as const;
type Field = (typeof FIELDS)[number];
type Texts = Readonly<Record<Field, string>>;

/** The fields of a request, as they came. */
export type QuestionFields = Readonly<Partial<Record<Field, unknown>>>;

const MAX_NAME_CHARS = 253;
/** What may be asked for together. */
const COMBINATIONS: readonly (readonly Field[])[] = [
  ['namespace'],
  ['namespace', 'pod'],
  ['namespace', 'workload'],
  ['namespace', 'workload', 'workload_kind'],
  ['node'],
  ['pod_uid'],
];

/**
 * Reads a question. A field that is empty counts as missing.
 * @param nowMs for times that are said in relation to it
 * @returns undefined when nothing is asked
 * @throws {InvalidRequestError} that names the first field that is wrong
 */
export function parseQuestion(fields: QuestionFields, nowMs: number): Question | undefined {
  // All fields are there then.
  const texts = Object.fromEntries(FIELDS.map((name) => [name, textOf(name, fields[name])])) as Texts;
  if (FIELDS.every((name) => texts[name] === '')) return undefined;
  const named = POD_FIELDS.filter((name) => texts[name] !== '');
  if (texts.ip !== '' && named.length > 0) throw new InvalidRequestError('question');
  const time = parseTime(texts, nowMs);
  const page = parsePage(texts);
  if (named.length > 0)
    return { selection: parseSelection(texts, named), time: time ?? alwaysOf(texts), page };
  const addresses = parseAddresses(texts.ip);
  if (time !== undefined && 'fromMs' in time) return { selection: addresses, time, page };
  const [only, second] = 'ips' in addresses ? addresses.ips : [];
  return only !== undefined && second === undefined ? { ip: only, at: time } : { addresses, at: time, page };
}

/** Pods that are named have had few addresses: without a time all of them are meant. */
function alwaysOf({ pod, pod_uid }: Texts): null | undefined {
  return pod !== '' || pod_uid !== '' ? null : undefined;
}

function parseSelection(texts: Texts, named: readonly Field[]): PodSelection {
  if ((texts.pod !== '' || texts.workload !== '') && texts.namespace === '')
    throw new InvalidRequestError('namespace');
  if (texts.workload_kind !== '' && texts.workload === '') throw new InvalidRequestError('workload');
  const isPossible = COMBINATIONS.some(
    (fields) => fields.length === named.length && fields.every((name) => named.includes(name)),
  );
  if (!isPossible) throw new InvalidRequestError('question');
  for (const name of named) requireName(name, texts[name]);
  const { namespace, pod, workload, workload_kind: workloadKind, node, pod_uid: podUid } = texts;
  return { namespace, pod, workload, workloadKind, node, podUid };
}

/** A field that is given twice comes as an array. */
function textOf(field: string, value: unknown): string {
  if (value !== undefined && typeof value !== 'string') throw new InvalidRequestError(field);
  return value?.trim() ?? '';
}

function requireName(field: Field, text: string): void {
  if (text.length > MAX_NAME_CHARS || /\p{Cc}|\p{Cs}/u.test(text)) throw new InvalidRequestError(field);
}
