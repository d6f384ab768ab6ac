import type { Logger } from '@podips/shared';
import type { Announcements } from '../announcements/announcements.js';
import { mutingAt, nextMutingChangeMs } from '../announcements/muting.js';
import type { History } from '../history/history.js';
import { createFetch, NO_PROXIES } from '../proxy.js';
import type { Attention } from '../status/attention.js';
import { entriesOf } from '../status/map-operations.js';
import type { Tracker } from '../status/tracker.js';
import type { AlertingView } from '../view/status-view.js';
import { WORKLOAD_WAITS } from '../workloads/decide-workload-alerts.js';
import type { WorkloadName } from '../workloads/facts.js';
import { isMuted, type WorkloadSettings } from '../workloads/settings.js';
import type { Workloads } from '../workloads/workloads.js';
import { type AlertMemory, openAlertMemory } from './alert-memory.js';
import { startAlerter, suppressedIn } from './alerter.js';
import { createChannels, type Outside } from './channels.js';
import { type Courier, createCourier } from './courier.js';
import { type Deadman, startDeadman } from './deadman.js';
import { type Message, messageOf } from './message.js';
import type { Notice } from './notice.js';
import type { AllAlertRules } from './rules.js';
import type { AlertSettings } from './settings.js';

export interface AlertingOptions extends Outside {
  readonly settings: AlertSettings;
  readonly tracker: Tracker;
  readonly history: Pick<History, 'extent'>;
  readonly attention?: Attention;
  /** Undefined without a database. */
  readonly workloads: Pick<Workloads, 'facts' | 'onNews'> | undefined;
  /** Planned maintenance, in which no alerts are sent. */
  readonly announcements: Pick<Announcements, 'entries' | 'onNews'>;
  /** About which workloads alerts are sent. */
  readonly unstable: WorkloadSettings;
  readonly now: () => number;
  readonly log: Logger;
  /** The cluster that the messages name. */
  readonly cluster: string;
  /** The dashboard, for a link. */
  readonly pageUrl: string | undefined;
  /** Folder of the file with the alerts that were sent. */
  readonly dir: string;
  /** The age limit of the lights, in milliseconds: after a start, silence counts only when it has lasted so long. */
  readonly ageLimitMs: number;
  /** The group wait: transitions within this time share an alert, in milliseconds. */
  readonly groupWaitMs?: number;
}

export interface Alerting {
  view(): AlertingView;
  /** Since the start: messages that channels delivered, attempts that failed, alerts that the hourly limit suppressed. */
  counts(): { readonly sent: number; readonly failed: number; readonly suppressed: number };
  /** Why the alerts that were sent cannot be saved; undefined while they can. */
  readonly problem: string | undefined;
  /** Ends within 5 s. Notices that are undelivered by then are delivered after the next start. */
  stop(): Promise<void>;
}

const GROUP_WAIT_MS = 2_000;
const STOP_GRACE_MS = 3_000;

/** Sends alerts on transitions, and repeats them. No heartbeat ever waits for it. */
export async function startAlerting(options: AlertingOptions): Promise<Alerting> {
  const { settings, tracker, now, log, dir, cluster, pageUrl } = options;
  const channels = await createChannels(settings, options);
  const muted = () => mutedView(options);
  if (channels.length === 0) return withoutChannels(startDeadmanOf(options), muted);
  const words = (notice: Notice) => messageOf(notice, { cluster, pageUrl });
  const memory = await openAlertMemory({ dir, now, log, channels: () => savedOf(couriers) });
  const onChange = memory.changed;
  const onDelivered = ({ subject }: Message) => {
    memory.lastAlert = { at: new Date(now()).toISOString(), subject };
  };
  const couriers = channels.map((channel) => {
    const before = memory.channels[channel.id];
    const holdMs = (notice: Notice) => mutedMs(notice, options);
    return createCourier({ channel, words, now, log, onChange, onDelivered, before, holdMs });
  });
  for (const courier of couriers) {
    const undelivered = memory.undelivered[courier.channelId];
    if (undelivered !== undefined) courier.deliver(undelivered);
  }
  const send = (notice: Notice) => {
    for (const courier of couriers) courier.deliver(notice);
  };
  const deadman = startDeadmanOf(options);
  const alerter = startAlerter({
    tracker,
    history: options.history,
    ...(options.attention && { attention: options.attention }),
    workloads: options.workloads,
    announcements: options.announcements,
    cluster,
    rules: rulesOf(options),
    now,
    state: memory.state,
    onState: memory.remember,
    send,
  });
  return {
    view: () => ({
      enabled: true,
      channels: [...couriers.map(({ record }) => record.view()), ...viewsOf(deadman)],
      lastAlert: memory.lastAlert,
      heldBack: suppressedIn(memory.state),
      muted: muted(),
    }),
    counts: () => ({ ...countsOf(couriers), suppressed: alerter.suppressed }),
    get problem() {
      return memory.problem;
    },
    async stop() {
      alerter.stop();
      await Promise.all([deadman?.stop(), ...couriers.map((courier) => courier.stop(STOP_GRACE_MS))]);
      await memory.close();
    },
  };
}

function withoutChannels(deadman: Deadman | undefined, muted: () => AlertingView['muted']): Alerting {
  return {
    view: () => ({
      enabled: false,
      channels: viewsOf(deadman),
      lastAlert: null,
      heldBack: 0,
      muted: muted(),
    }),
    counts: () => ({ sent: 0, failed: 0, suppressed: 0 }),
    problem: undefined,
    stop: async () => deadman?.stop(),
  };
}

/** About what no alerts are sent now, and when that changes. */
function mutedView({ announcements, now }: AlertingOptions): AlertingView['muted'] {
  const nowMs = now();
  const { lights, workloads } = mutingAt(announcements.entries(), nowMs);
  const changeMs = nextMutingChangeMs(announcements.entries(), nowMs);
  if (lights.size === 0 || changeMs === undefined) return null;
  return { lights: [...lights], workloads, nextChangeAt: new Date(changeMs).toISOString() };
}

/** For how long all that a notice is about is muted: a retry that falls into a maintenance waits for its end. */
function mutedMs({ changes, workloads }: Notice, { announcements, now }: AlertingOptions): number {
  const [entries, nowMs] = [announcements.entries(), now()];
  const muting = mutingAt(entries, nowMs);
  const isMuted = changes.every(({ operation }) => muting.lights.has(operation));
  if (!isMuted || (workloads === undefined ? changes.length === 0 : !muting.workloads)) return 0;
  return Math.max(0, (nextMutingChangeMs(entries, nowMs) ?? nowMs) - nowMs);
}

function startDeadmanOf(options: AlertingOptions) {
  const { settings, tracker, announcements, fetch = createFetch(NO_PROXIES), now, log } = options;
  if (settings.deadman === undefined) return undefined;
  const allGreen = () => {
    const { lights } = mutingAt(announcements.entries(), now());
    return entriesOf(tracker.states()).every(([id, { light }]) => light === 'green' || lights.has(id));
  };
  return startDeadman({ settings: settings.deadman, allGreen, fetch, now, log });
}

function rulesOf(options: AlertingOptions): AllAlertRules {
  const { settings, now, ageLimitMs, groupWaitMs = GROUP_WAIT_MS, unstable } = options;
  const { forMs, repeatIntervalMs, maxPerHour } = settings;
  const workloads = {
    ...WORKLOAD_WAITS,
    repeatIntervalMs,
    isMuted: (workload: WorkloadName) => isMuted(unstable, workload),
  };
  return { forMs, repeatIntervalMs, maxPerHour, groupWaitMs, startedAtMs: now(), ageLimitMs, workloads };
}

function savedOf(couriers: readonly Courier[]): Pick<AlertMemory, 'undelivered' | 'channels'> {
  const waiting = couriers.flatMap(({ channelId, undelivered }) =>
    undelivered === undefined ? [] : [[channelId, undelivered] as const],
  );
  const records = couriers.map(({ channelId, record }) => {
    const { lastSuccessAt, lastFailureAt, error } = record.view();
    return [channelId, { lastSuccessAt, lastFailureAt, error }] as const;
  });
  return { undelivered: Object.fromEntries(waiting), channels: Object.fromEntries(records) };
}

function viewsOf(deadman: Deadman | undefined): AlertingView['channels'] {
  return deadman === undefined ? [] : [deadman.view()];
}

function countsOf(couriers: readonly Courier[]) {
  const sum = (count: 'sent' | 'failed') => couriers.reduce((total, { record }) => total + record[count], 0);
  return { sent: sum('sent'), failed: sum('failed') };
}
