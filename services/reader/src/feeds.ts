import { CatchUp } from './changes/catch-up.js';
import type { PodChangesDeps, TermStart } from './changes/pod-changes.js';
import { PodChanges } from './changes/pod-changes.js';
import { ALL, Positions } from './changes/positions.js';
import type { ClockJump } from './changes/reader-clock.js';
import { SharedTimes } from './changes/timeline.js';
import type { ListReason, PodFeedEvents } from './cluster/feed-parts.js';
import { KubeError } from './cluster/kube-error.js';
import { LINK_GRACE_MS, LinkHealth } from './cluster/link-health.js';
import { PageTurns } from './cluster/page-turns.js';
import type { Projection } from './cluster/pod.js';
import { followPods } from './cluster/pod-feed.js';
import { isWatched } from './cluster/scope-settings.js';
import type { Leadership } from './leadership/election.js';
import type { ReaderParts } from './parts.js';

/** One page of one pod, for as long as a watch is silent. */
const COMPARE_VERSIONS_MS = 10_000;

/** Pages take several times their size of memory: that of many namespaces at once would be too much. */
const PAGES_AT_ONCE = 2;

const FORBIDDEN = 403;

/** What the feeds of a term have in common. */
export type SharedDeps = Omit<
  PodChangesDeps,
  'times' | 'moved' | 'listing' | 'feed' | 'catchUp' | 'isWatched'
>;

/** The feeds of a term: one of all pods, or one for each namespace that is watched. */
export interface Feeds {
  /** Pods that are not finished. */
  readonly knownPods: number;
  run(leadership: Pick<Leadership, 'confirm' | 'standstill'>, signal: AbortSignal): Promise<void>;
}

export function openFeeds(parts: ReaderParts, shared: SharedDeps, start: TermStart): Feeds {
  const { scope } = parts.settings;
  const names = scope.namespaces ?? [ALL];
  const positions = new Positions(names);
  const times = new SharedTimes(start.latest);
  const clocks = names.length === 1 ? [shared.clock] : shareJumps(shared.clock, names.length);
  const starts = names.map((name) => {
    const known = name === ALL ? start.known : start.known.take(name);
    const checkpoint = positions.restore(name, start.checkpoint, known.size > 0);
    return { name, known, checkpoint };
  });
  const continuing = starts.filter(({ checkpoint }) => checkpoint !== undefined);
  const catchUp = new CatchUp(
    continuing.map(({ name }) => name),
    start,
  );
  const feeds = starts.map(({ name, known, checkpoint }, index) => {
    const deps: PodChangesDeps = {
      ...shared,
      clock: clocks[index] ?? shared.clock,
      times,
      isWatched: (namespace) => isWatched(scope, namespace),
      moved: (to) => positions.moved(name, to),
      listing: (askedAt) => positions.listing(name, askedAt),
      feed: name,
      catchUp,
    };
    return { name, checkpoint, changes: new PodChanges(deps, { ...start, known, checkpoint }) };
  });
  return {
    get knownPods() {
      return feeds.reduce((sum, { changes }) => sum + changes.knownPods, 0);
    },
    async run(leadership, signal) {
      const link = new LinkHealth(parts.health.kubernetes, LINK_GRACE_MS);
      const common = { ...feedOptions(parts), stillLeads: (ended: AbortSignal) => leadership.confirm(ended) };
      const running = feeds.map(({ name, checkpoint, changes }) => {
        // Something is known of a feed with a checkpoint, also where it has to be listed.
        const firstList: ListReason = start.widened && !checkpoint ? 'scope' : 'start';
        const resumeFrom = checkpoint?.resourceVersion || undefined;
        const own = { namespace: name || undefined, resumeFrom, firstList };
        const options = { ...common, ...own, standstill: leadership.standstill.view() };
        return followPods(parts.client, changes, options, feedEvents(parts, link, name), parts.log, signal);
      });
      await Promise.all(running);
      link.stop();
    },
  };
}

function feedOptions({ settings, metrics, log }: ReaderParts) {
  return {
    projection: createProjection(settings.secondaryNetworks, metrics.skipped, log),
    pageSize: settings.pageSize,
    pageTurns: new PageTurns(PAGES_AT_ONCE),
    requestDeadlineMs: settings.requestDeadlineMs,
    idleMs: settings.watchIdleMs,
    watchTimeoutSeconds: settings.watchTimeoutSeconds,
    compareVersionsMs: COMPARE_VERSIONS_MS,
  };
}

/** Annotations that cannot be read are counted; the first one is logged, for there are as many as pods. */
function createProjection(
  secondaryNetworks: boolean,
  skipped: ReaderParts['metrics']['skipped'],
  log: ReaderParts['log'],
): Projection {
  let level: 'warn' | 'debug' = 'warn';
  return {
    secondaryNetworks,
    onMalformed(err) {
      skipped.inc({ what: 'malformed-annotation' });
      log[level]({ err }, 'annotation not understood; other networks of its pod are unknown');
      level = 'debug';
    },
  };
}

function feedEvents({ metrics, log }: ReaderParts, link: LinkHealth, name: string): PodFeedEvents {
  return {
    onAlive(what) {
      metrics.apiSignals.inc({ what });
      link.works(name, what);
    },
    onFailure(error) {
      metrics.apiFailures.inc({ status: error.status });
      link.fails(name, error.status === FORBIDDEN ? withAdvice(error, name) : error);
    },
    onSkipped(what, reason) {
      metrics.skipped.inc({ what });
      log.warn({ err: reason, what }, 'input not understood');
    },
    onList: (reason) => metrics.lists.inc({ reason }),
    onFull: () => metrics.full.inc(),
  };
}

/** Says which permission is missing, which the answer of the API server does not. */
function withAdvice({ code, message, status }: KubeError, name: string): KubeError {
  const advice = name === ALL ? 'it needs its ClusterRole, or WATCH_NAMESPACES' : 'it needs a Role there';
  return new KubeError(code, `${message}: ${advice}`, { status });
}

/** Each of several learns of every jump of the clock. */
function shareJumps(clock: SharedDeps['clock'], count: number): SharedDeps['clock'][] {
  const waiting = Array.from({ length: count }, (): ClockJump[] => []);
  return waiting.map((own) => ({
    now: () => clock.now(),
    get serverClock() {
      return clock.serverClock;
    },
    takeJumps() {
      const jumps = clock.takeJumps();
      for (const each of waiting) each.push(...jumps);
      return own.splice(0);
    },
  }));
}
