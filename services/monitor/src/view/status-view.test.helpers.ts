import { OPERATIONS } from '@podips/shared';
import type { FlowView } from '../flow/flow-view.js';
import { SLOT_MS as FLOW_SLOT_MS, SLOTS as FLOW_SLOTS } from '../flow/series.js';
import type { LedgerView } from '../ledger/ledger-view.js';
import { type Light, worstLight } from '../status/lights.js';
import { overviewOf } from './overview.js';
import type { LedgerLightView, OperationView, SlotView, StatusView } from './status-view.js';
import { AT_MS, ago, announcement, channel, cluster, NAMES, uptime } from './view-parts.test.helpers.js';

export { AT_MS, ago };

const SLOT_MS = 900_000;
const SLOTS = 96;

/** 24 hours of green, but for the given slots, counted from the oldest. */
export function strip(
  changes: Readonly<Record<number, Pick<SlotView, 'light' | 'message'>>> = {},
): SlotView[] {
  const startMs = Math.floor(AT_MS / SLOT_MS) * SLOT_MS - (SLOTS - 1) * SLOT_MS;
  return Array.from({ length: SLOTS }, (_, index) => ({
    from: new Date(startMs + index * SLOT_MS).toISOString(),
    to: new Date(startMs + (index + 1) * SLOT_MS).toISOString(),
    ...(changes[index] ?? { light: 'green' as const, message: '' }),
    ...amounts(changes[index]?.light ?? 'green'),
  }));
}

/** A whole slot of a light. */
function amounts(light: SlotView['light']) {
  const all = { greenMs: 0, yellowMs: 0, redMs: 0, unknownMs: 0 };
  const name = {
    green: 'greenMs',
    yellow: 'yellowMs',
    red: 'redMs',
    grey: 'unknownMs',
    unknown: 'unknownMs',
  } as const;
  return { ...all, [name[light]]: SLOT_MS };
}

const HEARTBEATS: Readonly<Record<Light, OperationView['heartbeat']>> = {
  green: heartbeatView(200, 'OK', 4_000),
  yellow: heartbeatView(200, 'OK', 432_000),
  red: heartbeatView(500, 'connect ECONNREFUSED 10.0.3.7:61613', 2_000),
  grey: null,
};

function heartbeatView(code: number, message: string, ageMs: number): OperationView['heartbeat'] {
  return {
    code,
    message,
    receivedAt: ago(ageMs),
    ageMs,
    remoteAddress: '10.64.0.12',
    host: 'podips-reader-0',
  };
}

export function operationView(
  index: number,
  light: Light,
  changes: Partial<OperationView> = {},
): OperationView {
  const message = light === 'red' ? 'connect ECONNREFUSED 10.0.3.7:61613' : '';
  return {
    operation: OPERATIONS[index] ?? 'log',
    name: NAMES[index] ?? '',
    light,
    since: light === 'grey' ? null : ago(light === 'green' ? 93_600_000 : 132_000),
    heartbeat: HEARTBEATS[light],
    strip: strip(
      light === 'green'
        ? {}
        : {
            95: { light, message },
            30: { light: 'red', message: 'receipt timed out' },
            31: { light: 'yellow', message: 'OK' },
          },
    ),
    uptime: uptime(light),
    maintenance: null,
    ...changes,
  };
}

/** A view with these four lights, in the order in which data flows. */
export function statusView(lights: readonly Light[], changes: Partial<StatusView> = {}): StatusView {
  const worst = worstLight(lights);
  const operations = lights.map((light, index) => operationView(index, light));
  const cause = operations.find(({ light }) => light !== 'green');
  const failing = lights.includes('red');
  return {
    cluster: 'fra1',
    at: new Date(AT_MS).toISOString(),
    ageLimitMs: 300_000,
    worst,
    ...overviewOf(worst, changes.clusters ?? []),
    headline:
      cause === undefined
        ? 'All four operations work.'
        : `${cause.name} does not work. Look there first: the rest of the chain may only follow from it.`,
    likelyCause: cause?.operation ?? null,
    incident: failing ? incidentSummary() : null,
    answers: { read: failing ? 'fail' : 'success', write: 'success', all: failing ? 'fail' : 'success' },
    operations,
    ledgerLight: null,
    incidents: [],
    alerting: { enabled: false, channels: [], lastAlert: null, heldBack: 0, muted: null },
    announcements: [],
    clusters: [],
    flow: null,
    ledger: null,
    workloads: null,
    problems: [],
    ...changes,
  };
}

/** Everything that a page can show at once. */
export function fullView(): StatusView {
  return statusView(['green', 'red', 'yellow', 'grey'], {
    problems: ['the last heartbeats cannot be saved (ENOSPC): a restart would forget them'],
    incidents: [
      incident('queue/write', 'red', 132_000, null),
      incident('queue/read', 'yellow', 800_000, 420_000),
      incident('log', 'red', 59_000_000, 3_725_000),
    ],
    alerting: {
      enabled: true,
      lastAlert: { at: ago(120_000), subject: 'podips fra1: Queue write is failing' },
      heldBack: 3,
      muted: { lights: ['queue/write', 'queue/read'], workloads: false, nextChangeAt: ago(-3_600_000) },
      channels: [
        channel('e-mail', 'ops@example.org', ago(120_000), null, null),
        channel('Slack webhook', 'hooks.slack.example', ago(86_400_000), ago(118_000), 'HTTP 503'),
        channel('dead-man’s ping', 'ping.example', null, null, null),
      ],
    },
    announcements: [
      announcement('maintenance', 'now', 1_800_000, -3_600_000),
      announcement('maintenance', 'planned', -86_400_000, -90_000_000),
      announcement('announcement', 'now', null, null),
    ],
    clusters: [
      cluster('ams1', true, ['green', 'green', 'green', 'green']),
      cluster('lon1', true, ['green', 'green', 'green', 'red']),
      cluster('nyc1', false, ['green', 'green', 'green', 'green']),
    ],
    flow: flowView(),
    ledgerLight: ledgerLight('red'),
    ledger: ledgerView(),
  });
}

/** Delivery with 24 hours in which no two parts are the same, but for what is given. */
export function flowView(changes: Partial<FlowView> = {}): FlowView {
  const series = Array.from({ length: FLOW_SLOTS }, (_, slot) => ({
    atMs: Math.floor(AT_MS / FLOW_SLOT_MS - FLOW_SLOTS + 1 + slot) * FLOW_SLOT_MS,
    published: 6_000 + 3_000 * Math.sin(slot / 20) + (slot % 7) * 100,
    written: 5_900 + 3_000 * Math.sin(slot / 20) + (slot % 7) * 90,
    lagMs: slot === 200 ? 345_000 : 9 + (slot % 11) ** 2,
    waiting: slot === 200 ? 1_716 : slot % 3,
  }));
  return {
    state: 'in time',
    buffered: 0,
    outbox: 0,
    queued: 2,
    oldestMs: 1_000,
    ...{ lateSince: null, unrecorded: 0 },
    publishedPerSecond: 21.5,
    writtenPerSecond: 20.5,
    lagMs: 14,
    readerSilentMs: null,
    writerSilentMs: null,
    series,
    ...changes,
  };
}

/** The incident of a broker that is down. */
function incidentSummary(): NonNullable<StatusView['incident']> {
  return {
    what: 'The broker cannot be used: queue write and queue read both fail.',
    lights: ['queue/write', 'queue/read'],
    since: ago(132_000),
    loss: 'Nothing is lost: messages go to the outbox in the database, and are sent when the queue takes them again.',
    waiting: '1,716 in the outbox',
    help: { path: '/help/troubleshooting#the-broker-is-down', title: 'The broker is down' },
    error: 'connect ECONNREFUSED 10.0.3.7:61613',
  };
}

/** The light of the ledger. */
export function ledgerLight(light: Light): LedgerLightView {
  const view = { ...operationView(0, light), operation: 'ledger' as const, name: 'Ledger' };
  const message = light === 'red' ? 'the database does not answer' : 'up to date';
  return {
    ...view,
    heartbeat: view.heartbeat && { ...view.heartbeat, message, host: 'monitor', remoteAddress: '' },
  };
}

/** A ledger that is well, but for what is given. */
export function ledgerView(changes: Partial<LedgerView> = {}): LedgerView {
  return {
    answeredAt: ago(3_000),
    waiting: 0,
    waitingMore: false,
    knownUntil: ago(12_000),
    gaps: 0,
    error: null,
    isMissing: false,
    failingSince: null,
    lacks: null,
    ...changes,
  };
}

function incident(
  operation: OperationView['operation'],
  light: 'red' | 'yellow',
  startedMs: number,
  durationMs: number | null,
) {
  return {
    operation,
    name: NAMES[OPERATIONS.indexOf(operation)] ?? '',
    light,
    startedAt: ago(startedMs),
    worstAt: ago(startedMs),
    changedAt: ago(durationMs === null ? startedMs : startedMs - durationMs),
    endedAt: durationMs === null ? null : ago(startedMs - durationMs),
    durationMs: durationMs ?? startedMs,
    ...{ startIsLatest: false, endIsLatest: false, durationIsLeast: false },
    code: light === 'red' ? 500 : 200,
    message: light === 'red' ? 'connect ECONNREFUSED 10.0.3.7:61613' : 'OK',
  };
}
