import type { FlowView } from '../flow/flow-view.js';
import type { LightId } from '../status/statuses.js';
import { visibleText } from './format.js';
import { BROKER, type HeadlineStates, isBrokerDown } from './headline.js';
import { describeWaiting } from './waiting.js';

/** What is broken, and the way to its repair. Safe to show as text. */
export interface Incident {
  /** What is broken, as one sentence. */
  readonly what: string;
  /** The lights that show it. */
  readonly lights: readonly LightId[];
  /** Whether anything is lost. */
  readonly loss: string;
  /** How much waits, and where; null: nothing that is known. */
  readonly waiting: string | null;
  /** The paragraph of the documents that repairs it. */
  readonly help: { readonly path: string; readonly title: string };
  /** What the broken part said; null: nothing, it is silent. */
  readonly error: string | null;
}

export interface IncidentFacts {
  readonly states: HeadlineStates;
  /** The light to look at first; null: all work, but messages may arrive late. */
  readonly likelyCause: LightId | null;
  readonly ageLimitMs: number;
  readonly flow: FlowView | null;
}

interface Kind {
  readonly what: string;
  /** A sentence, or what it depends on: changes that no reader sees, or that the queue does not take. */
  readonly loss: string;
  readonly help: Incident['help'];
}

const help = (title: string): Incident['help'] => ({
  path: `/help/troubleshooting#${title
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-')}`,
  title,
});

const ON_THE_QUEUE = 'Nothing is lost while the queue has room: messages wait there.';
const DELIVERED = 'Messages are delivered. Leases wait in the reader, and none is lost while they fit.';

const KINDS = {
  rights: {
    what: 'The API server refuses the reader.',
    loss: 'unseen',
    help: help('The reader may not read pods'),
  },
  cluster: {
    what: 'The reader cannot read from the API server.',
    loss: 'unseen',
    help: help('The API server is unavailable'),
  },
  reader: {
    what: 'The reader is silent.',
    loss: 'unseen',
    help: help('The reader is silent'),
  },
  broker: {
    what: 'The broker cannot be used: queue write and queue read both fail.',
    loss: 'unpublished',
    help: help('The broker is down'),
  },
  publishing: {
    what: 'The reader cannot write to the queue.',
    loss: 'unpublished',
    help: help('The broker is down'),
  },
  reading: {
    what: 'The writer cannot read from the queue.',
    loss: ON_THE_QUEUE,
    help: help('The broker is down'),
  },
  undelivered: {
    what: 'Messages wait on the queue, and no writer delivers them.',
    loss: ON_THE_QUEUE,
    help: help('Messages wait on the queue'),
  },
  writer: {
    what: 'The writer is silent.',
    loss: ON_THE_QUEUE,
    help: help('Messages wait on the queue'),
  },
  late: {
    what: 'Messages are delivered late.',
    loss: ON_THE_QUEUE,
    help: help('Messages wait on the queue'),
  },
  fluentd: {
    what: 'Fluentd accepts no records.',
    loss: ON_THE_QUEUE,
    help: help('Fluentd is down'),
  },
  ledger: {
    what: 'The ledger cannot be used.',
    loss: DELIVERED,
    help: help('The ledger cannot be used'),
  },
  behind: {
    what: 'The ledger is not complete.',
    loss: DELIVERED,
    help: help('The ledger cannot be used'),
  },
} as const satisfies Record<string, Kind>;

/** The incidents in which leases wait for the ledger; otherwise some always do, for a moment. */
const NEEDS_LEDGER: readonly (keyof typeof KINDS)[] = ['ledger', 'behind'];
/** How queue write says that only the database is missing. */
const NO_STORE = /^no outbox and no ledger\b/;
const FORBIDDEN = [401, 403];
const MAX_ERROR_CHARS = 300;

/** The incident that the lights show; undefined: nothing is broken. */
export function incidentOf(facts: IncidentFacts): Incident | undefined {
  const name = kindOf(facts);
  if (name === undefined) return undefined;
  const { states, likelyCause, flow } = facts;
  const { what, loss, help: paragraph } = KINDS[name];
  const shown = likelyCause === null ? undefined : states[name === 'ledger' ? 'ledger' : likelyCause];
  const lights = name === 'broker' ? BROKER : name === 'ledger' ? (['ledger'] as const) : [likelyCause];
  return {
    what,
    lights: lights.filter((id) => id !== null),
    loss:
      loss === 'unseen'
        ? unseenLoss(facts, name !== 'reader')
        : loss === 'unpublished'
          ? unpublishedLoss(facts)
          : loss,
    waiting: (flow && describeWaiting(flow, NEEDS_LEDGER.includes(name))) ?? null,
    help: paragraph,
    error: shown?.light === 'red' || name === 'behind' ? errorOf(shown) : null,
  };
}

function kindOf({ states, likelyCause, ageLimitMs, flow }: IncidentFacts): keyof typeof KINDS | undefined {
  if (likelyCause === null) return flow?.state === 'late' ? 'late' : undefined;
  const state = states[likelyCause];
  const isSilent = state?.light !== 'red' || (likelyCause !== 'ledger' && state.ageMs > ageLimitMs);
  switch (likelyCause) {
    case 'kubernetes':
      if (isSilent) return 'reader';
      return FORBIDDEN.includes(state.heartbeat?.code ?? 0) ? 'rights' : 'cluster';
    case 'queue/write':
      if (isSilent) return 'reader';
      if (isBrokerDown(states, ageLimitMs)) return 'broker';
      return NO_STORE.test(state.heartbeat?.message ?? '') ? 'ledger' : 'publishing';
    case 'queue/read':
      if (!isSilent) return 'reading';
      return (state?.ageMs ?? 0) > ageLimitMs ? 'writer' : 'undelivered';
    case 'log':
      return isSilent ? 'writer' : 'fluentd';
    case 'ledger':
      return isSilent ? 'behind' : 'ledger';
  }
}

/** Whether anything is lost while no reader sees what happens. A reader that runs remembers; one that starts asks its database. */
function unseenLoss(facts: IncidentFacts, isRunning: boolean): string {
  const hasStore = hasDatabase(facts);
  if (!isRunning && hasStore !== true)
    return 'Without a database, what happens while no reader runs is lost.';
  const after = hasStore === true ? ', within a gap that the ledger names' : '';
  return `Nothing is lost as long as the API server remembers what happens, often only minutes; what comes and goes unseen after that is lost${after}.`;
}

/** Whether anything is lost while the queue takes no messages. */
function unpublishedLoss(facts: IncidentFacts): string {
  const hasOutbox = hasDatabase(facts);
  if (hasOutbox === undefined)
    return 'Nothing is lost while the reader runs and has room, in an outbox or in its memory; whether it has an outbox is not known. Without room it stops watching, and what the API server forgets until it resumes is lost.';
  return hasOutbox && facts.states.ledger?.light !== 'red'
    ? 'Nothing is lost: messages go to the outbox in the database, and are sent when the queue takes them again.'
    : 'Nothing is lost while the reader runs and its memory has room; then it stops watching, and what the API server forgets until it resumes is lost.';
}

/** Whether the reader has a database, as its last report says, or a ledger that it writes to; undefined: not known. */
function hasDatabase({ states, flow }: IncidentFacts): boolean | undefined {
  // A report names both, and a reader without a database has no outbox.
  if (flow !== null && flow.buffered !== null) return flow.outbox !== null;
  return states.ledger?.light === 'green' || undefined;
}

function errorOf(state: HeadlineStates[keyof HeadlineStates]): string | null {
  const message = state?.heartbeat?.message.replace(/\s+/g, ' ').trim() ?? '';
  if (message === '') return null;
  const chars = [...visibleText(message)];
  return chars.length > MAX_ERROR_CHARS ? `${chars.slice(0, MAX_ERROR_CHARS - 1).join('')}…` : chars.join('');
}
