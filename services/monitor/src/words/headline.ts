import { OPERATIONS } from '@podips/shared';
import type { Light } from '../status/lights.js';
import { entriesOf } from '../status/map-operations.js';
import type { Heartbeat, LightId, PerLight } from '../status/statuses.js';
import { formatDuration, visibleText } from './format.js';
import { LIGHT_NAMES } from './operation-names.js';
import { statusOf } from './status-code.js';

export interface Headline {
  /** The problem and where to look first. Safe to show anywhere as text: it has no invisible characters. */
  readonly text: string;
  /** The operation to look at first; null when none has failed or fallen silent. */
  readonly likelyCause: LightId | null;
}

export interface HeadlineState {
  readonly light: Light;
  readonly heartbeat: Pick<Heartbeat, 'code' | 'message'> | undefined;
  /** Milliseconds since the heartbeat came. */
  readonly ageMs: number;
}
export type HeadlineStates = PerLight<HeadlineState>;

/** Where to look when an operation fails, and when its heartbeats stop. */
const PLACES: Readonly<Record<LightId, { readonly failing: string; readonly silent: string }>> = {
  kubernetes: { failing: 'the API server and the reader’s access to it', silent: 'the reader' },
  'queue/write': { failing: 'the queue', silent: 'the reader' },
  'queue/read': { failing: 'the queue', silent: 'the writer' },
  log: { failing: 'Fluentd', silent: 'the writer' },
  ledger: { failing: 'the database', silent: 'the reader and the database' },
};
const MAX_MESSAGE_CHARS = 120;

/**
 * The four lights in one text. The first broken link of the chain is the likely cause; silence after it follows from
 * it, failures do not. Upstream, a failure silences only its own service, which accepts no more than it can pass on:
 * there it is the cause.
 * @param muted lights that are in maintenance: the headline says that they are, and not how they are
 */
export function headlineOf(
  states: HeadlineStates,
  ageLimitMs: number,
  muted: ReadonlySet<LightId> = new Set(),
): Headline {
  const shown = entriesOf(states).filter(([id]) => !muted.has(id));
  const having = (light: Light) => shown.filter(([, state]) => state.light === light).map(([id]) => id);
  const [red, yellow, grey] = [having('red'), having('yellow'), having('grey')];
  const isMissed = (id: LightId) => states[id]?.heartbeat !== undefined;
  const [never, missed] = [grey.filter((id) => !isMissed(id)), grey.filter(isMissed)];
  // Also one that is muted may be why its service is silent elsewhere.
  const failing = entriesOf(states).flatMap(([id, { light }]) => (light === 'red' ? [id] : []));
  const [cause, state] = shown.find(([id]) => red.includes(id) || isCauseIfSilent(id, yellow, failing)) ?? [];
  const inMaintenance = entriesOf(states).flatMap(([id]) => (muted.has(id) ? [id] : []));
  const maintained = also(inMaintenance, 'is in maintenance', 'are in maintenance');
  if (cause === undefined || state === undefined) {
    const isAllWell = muted.size === 0 && never.length === 0 && missed.length === 0;
    const isFirst = OPERATIONS.every((operation) => never.includes(operation));
    const works = having('green').length > 0 && yellow.length + missed.length === 0 && !isFirst;
    const quiet = isAllWell
      ? [states.ledger ? 'All four links and the ledger work.' : 'All four links work.']
      : [
          maintained,
          also(yellow, 'is silent', 'are silent'),
          describeNever(never),
          describeMissed(missed),
          works ? 'Everything else works.' : '',
        ];
    return { text: quiet.filter((sentence) => sentence !== '').join(' '), likelyCause: null };
  }
  const isStale = (id: LightId) => id !== 'ledger' && states[id].ageMs > ageLimitMs;
  const isBroker =
    BROKER.every((one) => red.includes(one)) && isBrokerDown(states, ageLimitMs) && isOfBroker(cause);
  const alsoRed = red.filter((one) => one !== cause && !(isBroker && isOfBroker(one)));
  const followers = yellow.filter((operation) => operation !== cause);
  const sentences = [
    isBroker ? describeBroker(states) : describeCause(cause, state, ageLimitMs),
    describePlace(cause, state.light === 'red' && !isStale(cause), followers),
    also(
      alsoRed.filter((operation) => !isStale(operation)),
      'fails too',
      'fail too',
    ),
    also(alsoRed.filter(isStale), 'failed in its last heartbeat', 'failed in their last heartbeats'),
    also(never, 'has never reported', 'have never reported'),
    describeMissed(missed),
    maintained,
  ];
  return { text: sentences.filter((sentence) => sentence !== '').join(' '), likelyCause: cause };
}

/** Writing to the queue and reading from it share nothing but the broker. */
export const BROKER = ['queue/write', 'queue/read'] as const satisfies readonly LightId[];

const isOfBroker = (id: LightId) => BROKER.some((one) => one === id);

/** Whether both links to the broker fail, by their last heartbeats. */
export function isBrokerDown(states: HeadlineStates, ageLimitMs: number): boolean {
  return BROKER.every((one) => states[one].light === 'red' && states[one].ageMs <= ageLimitMs);
}

function isCauseIfSilent(operation: LightId, yellow: readonly LightId[], red: readonly LightId[]): boolean {
  return yellow.includes(operation) && !red.some((one) => inOneService(one, operation));
}

function inOneService(one: LightId, other: LightId): boolean {
  if (one === 'ledger' || other === 'ledger') return one === other;
  const isReader = (operation: LightId) => operation === 'kubernetes' || operation === 'queue/write';
  return isReader(one) === isReader(other);
}

function describeNever(never: readonly LightId[]): string {
  if (OPERATIONS.every((operation) => never.includes(operation)))
    return 'No heartbeat received yet. Check that reader and writer run and that their PODIPS_HOST is this monitor.';
  return also(never, 'has never reported', 'have never reported');
}

/** What would have been reported while the monitor did not listen. */
function describeMissed(missed: readonly LightId[]): string {
  if (missed.length === 0) return '';
  return `${also(missed, 'is not known yet', 'are not known yet').slice(0, -1)}: the monitor was not running or stood still, or its clock was set ahead; it waits for the next reports.`;
}

function describeBroker(states: HeadlineStates): string {
  return `The broker seems to be down, queue write and queue read both fail: ${reasonOf(states['queue/write'])}.`;
}

function describeCause(cause: LightId, state: HeadlineState, ageLimitMs: number): string {
  const name = LIGHT_NAMES[cause];
  if (cause === 'ledger') return describeLedger(state);
  if (state.light !== 'red')
    return state.ageMs > ageLimitMs
      ? `${name} has been silent for more than ${formatDuration(ageLimitMs)}.`
      : `${name} is silent although messages wait.`;
  return state.ageMs > ageLimitMs
    ? `${name} failed: ${reasonOf(state)}, and has been silent for ${formatDuration(state.ageMs)}.`
    : `${name} fails: ${reasonOf(state)}.`;
}

/** Its reasons are whole sentences of the database or of podips; a code would say nothing more. */
function describeLedger({ light, heartbeat }: HeadlineState): string {
  const reason = heartbeat === undefined ? 'no reason given' : shortMessage(heartbeat);
  return `The ledger ${light === 'red' ? 'cannot be used' : 'is behind'}: ${reason}.`;
}

function describePlace(cause: LightId, isFailing: boolean, followers: readonly LightId[]): string {
  const place = isFailing ? PLACES[cause].failing : PLACES[cause].silent;
  const verb = followers.length === 1 ? 'follows' : 'follow';
  const rest = followers.length === 0 ? '' : `; ${inSentence(followers)} ${verb} from it`;
  return `Look at ${place} first${rest}.`;
}

/** A sentence about operations, empty when there are none. */
function also(operations: readonly LightId[], one: string, several: string): string {
  if (operations.length === 0) return '';
  const list = inSentence(operations);
  return `${list.charAt(0).toUpperCase()}${list.slice(1)} ${operations.length === 1 ? one : several}.`;
}

function inSentence(operations: readonly LightId[]): string {
  const names = operations.map((operation) => uncapitalize(LIGHT_NAMES[operation]));
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/** Names of products keep their capital. */
function uncapitalize(name: string): string {
  return name.replace(/^Queue/, 'queue').replace(/^Ledger/, 'the ledger');
}

function reasonOf({ heartbeat }: HeadlineState): string {
  if (heartbeat === undefined) return 'no reason given';
  const [code, message] = [statusOf(heartbeat), shortMessage(heartbeat)];
  return code === '' ? message : `${message} (${code})`;
}

function shortMessage(heartbeat: Pick<Heartbeat, 'message'>): string {
  const line = visibleText(heartbeat.message.replace(/\s+/g, ' ').trim()).replace(/\.+$/, '');
  const chars = [...line];
  return chars.length > MAX_MESSAGE_CHARS ? `${chars.slice(0, MAX_MESSAGE_CHARS - 1).join('')}…` : line;
}
