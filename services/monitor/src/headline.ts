import { OPERATIONS, type Operation } from '@podips/shared';
import type { Light } from './lights.js';
import { OPERATION_NAMES } from './operations.js';
import type { Heartbeat } from './statuses.js';
import { formatDuration, visibleText } from './views/format.js';

export interface Headline {
  /** What is wrong and where to look first. Safe to show anywhere as text: nothing invisible is in it. */
  readonly text: string;
  /** The operation to look at first; null when none has failed or fallen silent. */
  readonly likelyCause: Operation | null;
}

export interface HeadlineState {
  readonly light: Light;
  readonly heartbeat: Pick<Heartbeat, 'code' | 'message'> | undefined;
}
export type HeadlineStates = Readonly<Record<Operation, HeadlineState>>;

/** Where to look when an operation fails, and when nothing is heard of it. */
const PLACES: Readonly<Record<Operation, { readonly failing: string; readonly silent: string }>> = {
  kubernetes: { failing: 'the API server and the reader’s access to it', silent: 'the reader' },
  'queue/write': { failing: 'the queue', silent: 'the reader' },
  'queue/read': { failing: 'the queue', silent: 'the writer' },
  log: { failing: 'Fluentd', silent: 'the writer' },
};
const MAX_MESSAGE_CHARS = 120;

/**
 * What the four lights say together. A failure makes what comes after it in the chain silent, and so does silence; but
 * neither makes anything fail. So the first failure is the likely cause, and the first silence only where nothing
 * fails. Against the chain a failure silences only its own service, which takes no more than it can hand on.
 */
export function headlineOf(states: HeadlineStates, ageLimitMs: number): Headline {
  const having = (light: Light) => OPERATIONS.filter((operation) => states[operation].light === light);
  const [red, yellow, grey] = [having('red'), having('yellow'), having('grey')];
  const cause = red[0] ?? yellow[0];
  if (cause === undefined) return { text: describeQuiet(grey), likelyCause: null };
  const sameCause = red.includes('queue/read') && cause === 'queue/write' ? (['queue/read'] as const) : [];
  const isAfterCause = (operation: Operation) => OPERATIONS.indexOf(operation) > OPERATIONS.indexOf(cause);
  const follows = (operation: Operation) => isAfterCause(operation) || inOneService(operation, cause);
  const followers = yellow.filter((operation) => operation !== cause && follows(operation));
  const silentBefore = yellow.filter((operation) => operation !== cause && !follows(operation));
  const alsoRed = red.filter(
    (operation) => operation !== cause && !sameCause.some((one) => one === operation),
  );
  const broker = sameCause.length > 0;
  const sentences = [
    broker ? describeBroker(states) : describeCause(cause, states[cause], ageLimitMs),
    describePlace(cause, states[cause].light, followers),
    also(alsoRed, 'fails too', 'fail too'),
    also(silentBefore, 'is silent for a reason of its own', 'are silent for a reason of their own'),
    also(grey, 'was never heard of', 'were never heard of'),
  ];
  return { text: sentences.filter((sentence) => sentence !== '').join(' '), likelyCause: cause };
}

function inOneService(one: Operation, other: Operation): boolean {
  const isReader = (operation: Operation) => operation === 'kubernetes' || operation === 'queue/write';
  return isReader(one) === isReader(other);
}

/** Nothing has failed, nothing has fallen silent. */
function describeQuiet(grey: readonly Operation[]): string {
  if (grey.length === 0) return 'All four links work.';
  if (grey.length === OPERATIONS.length)
    return 'Nothing has been heard yet. Look whether reader and writer run and know this monitor as PODIPS_HOST.';
  return `${also(grey, 'was never heard of', 'were never heard of')} What was heard of works.`;
}

/** Writing to the queue and reading from it share nothing but the broker. */
function describeBroker(states: HeadlineStates): string {
  return `The broker seems to be down, queue write and queue read both fail: ${reasonOf(states['queue/write'])}.`;
}

function describeCause(cause: Operation, state: HeadlineState, ageLimitMs: number): string {
  const name = OPERATION_NAMES[cause];
  return state.light === 'red'
    ? `${name} fails: ${reasonOf(state)}.`
    : `${name} has been silent for more than ${formatDuration(ageLimitMs)}.`;
}

function describePlace(cause: Operation, light: Light, followers: readonly Operation[]): string {
  const place = light === 'red' ? PLACES[cause].failing : PLACES[cause].silent;
  const verb = followers.length === 1 ? 'follows' : 'follow';
  const rest = followers.length === 0 ? '' : `; ${inSentence(followers)} ${verb} from it`;
  return `Look at ${place} first${rest}.`;
}

/** A sentence about operations, empty when there are none. */
function also(operations: readonly Operation[], one: string, several: string): string {
  if (operations.length === 0) return '';
  const list = inSentence(operations);
  return `${list.charAt(0).toUpperCase()}${list.slice(1)} ${operations.length === 1 ? one : several}.`;
}

function inSentence(operations: readonly Operation[]): string {
  const names = operations.map((operation) => uncapitalize(OPERATION_NAMES[operation]));
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/** Names of products keep their capital. */
function uncapitalize(name: string): string {
  return name.replace(/^Queue/, 'queue');
}

function reasonOf({ heartbeat }: HeadlineState): string {
  if (heartbeat === undefined) return 'nobody said why';
  const line = visibleText(heartbeat.message.replace(/\s+/g, ' ').trim()).replace(/\.+$/, '');
  const chars = [...line];
  const short =
    chars.length > MAX_MESSAGE_CHARS ? `${chars.slice(0, MAX_MESSAGE_CHARS - 1).join('')}…` : line;
  return `${short} (${String(heartbeat.code).padStart(3, '0')})`;
}
