import { type DatabaseSettings, parseFlags, SettingsError } from '@podips/shared';
import { benchAbout, type MEASUREMENTS } from './options.mjs';

export type MeasurementName = keyof typeof MEASUREMENTS;

/** The amount that is measured. */
export interface Scale {
  /** How often each rate is measured; the median counts. */
  readonly rounds: number;
  readonly publish: {
    readonly warmUpMessages: number;
    readonly messages: number;
    /** With a connection for each. */
    readonly singleMessages: number;
  };
  readonly write: {
    readonly warmUpMessages: number;
    readonly messages: number;
    /** With a connection for each. */
    readonly singleMessages: number;
  };
  readonly latency: {
    readonly warmUpChanges: number;
    readonly changes: number;
    readonly changesPerSecond: number;
  };
  readonly memory: {
    readonly pods: number;
    /** Changes of address, each the end of a lease and the start of another. */
    readonly updates: number;
    readonly updatesPerSecond: number;
    /** Messages that arrive while Fluentd is unavailable. */
    readonly backlog: number;
  };
  readonly idle: {
    /** Pods of a cluster in which nothing changes. */
    readonly pods: number;
    /** Waited after the start, before it is measured for so many seconds. */
    readonly settleMs: number;
    readonly seconds: number;
  };
  readonly ledger: {
    readonly leases: number;
    /** Queries of each kind. */
    readonly queries: number;
    /** About so many of the oldest are deleted. */
    readonly deletedLeases: number;
  };
  readonly lookup: {
    readonly leases: number;
    readonly lines: number;
    /** How long single addresses are asked about. */
    readonly seconds: number;
  };
  readonly monitor: {
    /** Dashboards that are open all the time. */
    readonly streams: number;
    /** Of each load. */
    readonly seconds: number;
    readonly heartbeatsPerSecond: number;
    readonly viewsPerSecond: number;
  };
  readonly takeover: {
    /** Deaths of each kind. */
    readonly deaths: number;
    /** For how long the Lease of the reader that leads is valid. */
    readonly leaseSeconds: number;
  };
  readonly questions: {
    readonly questions: number;
    /** Lines of a log. */
    readonly lines: number;
    readonly pods: number;
    readonly changesPerSecond: number;
    /** Failures, one after the other; the six kinds take turns. */
    readonly troubles: number;
    readonly troubleMs: number;
    /** Between them. */
    readonly restMs: number;
  };
  readonly workloads: {
    readonly leases: number;
    readonly rankings: number;
  };
  readonly scale: {
    /** Clusters of so many pods, the smallest first. */
    readonly pods: readonly number[];
    /** Waited before memory is measured that is not needed for a list alone. */
    readonly settleMs: number;
  };
  readonly churn: {
    readonly pods: number;
    readonly slow: { readonly perSecond: number; readonly seconds: number };
    /** A thousand changes a second. */
    readonly fast: { readonly seconds: number };
    readonly bursts: number;
    /** Changes of a burst. */
    readonly burst: number;
    /** Before and after each pace. */
    readonly restMs: number;
  };
}

export interface BenchSettings {
  readonly measurements: readonly MeasurementName[];
  readonly scale: Scale;
  /** Where the workloads' ledger is kept between runs. */
  readonly database: DatabaseSettings | undefined;
  /** Whether a missed expectation is a failure. */
  readonly judged: boolean;
}

const FULL: Scale = {
  rounds: 3,
  publish: { warmUpMessages: 5_000, messages: 10_000, singleMessages: 500 },
  write: { warmUpMessages: 5_000, messages: 20_000, singleMessages: 1_000 },
  latency: { warmUpChanges: 100, changes: 1_000, changesPerSecond: 20 },
  memory: { pods: 20_000, updates: 20_000, updatesPerSecond: 1_000, backlog: 50_000 },
  idle: { pods: 1_000, settleMs: 30_000, seconds: 60 },
  ledger: { leases: benchAbout.flags.leases.default, queries: 1_000, deletedLeases: 250_000 },
  lookup: { leases: 10_000_000, lines: 1_000_000, seconds: 15 },
  monitor: { streams: 1_000, seconds: 15, heartbeatsPerSecond: 10_000, viewsPerSecond: 20 },
  takeover: { deaths: 3, leaseSeconds: 10 },
  questions: {
    questions: 100_000,
    lines: 1_000_000,
    pods: 5_000,
    changesPerSecond: 8,
    troubles: 12,
    troubleMs: 12_000,
    restMs: 20_000,
  },
  workloads: { leases: 10_000_000, rankings: 1_000 },
  scale: { pods: [1_000, 20_000, 50_000, 150_000], settleMs: 15_000 },
  churn: {
    pods: 150_000,
    slow: { perSecond: 100, seconds: benchAbout.flags['churn-seconds'].default },
    fast: { seconds: 120 },
    bursts: 3,
    burst: 10_000,
    restMs: 5_000,
  },
};

const QUICK: Scale = {
  rounds: 1,
  publish: { warmUpMessages: 100, messages: 1_000, singleMessages: 20 },
  write: { warmUpMessages: 100, messages: 1_000, singleMessages: 20 },
  latency: { warmUpChanges: 10, changes: 40, changesPerSecond: 20 },
  memory: { pods: 500, updates: 500, updatesPerSecond: 500, backlog: 500 },
  idle: { pods: 100, settleMs: 500, seconds: 1 },
  ledger: { leases: 20_000, queries: 50, deletedLeases: 5_000 },
  lookup: { leases: 20_000, lines: 10_000, seconds: 1 },
  monitor: { streams: 50, seconds: 1, heartbeatsPerSecond: 500, viewsPerSecond: 20 },
  takeover: { deaths: 1, leaseSeconds: 6 },
  questions: {
    questions: 2_000,
    lines: 5_000,
    pods: 200,
    changesPerSecond: 20,
    troubles: 6,
    troubleMs: 3_000,
    restMs: 1_500,
  },
  workloads: { leases: 20_000, rankings: 20 },
  scale: { pods: [1_000], settleMs: 1_000 },
  churn: {
    pods: 1_000,
    slow: { perSecond: 100, seconds: 2 },
    fast: { seconds: 2 },
    bursts: 1,
    burst: 1_000,
    restMs: 500,
  },
};

/** @throws {SettingsError} with every problem at once */
export function readBenchSettings(args: readonly string[]): BenchSettings {
  const { only, quick, database, leases, 'churn-seconds': seconds } = parseFlags(args, benchAbout.flags);
  const isUsualSize = leases === FULL.ledger.leases;
  const { ledger, lookup, workloads, ...others } = quick ? QUICK : FULL;
  const size = quick && isUsualSize ? {} : { leases };
  const sized = {
    ...others,
    ledger: { ...ledger, ...size },
    lookup: { ...lookup, ...size },
    workloads: { ...workloads, ...size },
  };
  return {
    measurements: only ?? benchAbout.flags.only.choices,
    scale: quick ? sized : { ...sized, churn: { ...FULL.churn, slow: { ...FULL.churn.slow, seconds } } },
    judged: !quick && isUsualSize,
    database: database === undefined ? undefined : toDatabase(database),
  };
}

function toDatabase(text: string): DatabaseSettings {
  const { hostname: host, port, username, password, pathname } = URL.parse(text) ?? {};
  if (!host || !username || !pathname)
    throw new SettingsError([`--database must be as postgresql://user:password@host:5432/name`]);
  const login = { user: decodeURIComponent(username), password: decodeURIComponent(password ?? '') };
  return { host, port: Number(port || 5432), ...login, database: pathname.slice(1) };
}
