import { type Static, Type } from '../schema/type.js';
import { exactUtc, formatDuration, minuteUtc } from '../words/format.js';
import { INSTABILITIES } from '../workloads/unstable.js';
import { causeWords, describeCounts } from '../workloads/words.js';
import type { WorkloadChange, WorkloadNews, WorkloadTrouble } from '../workloads/workload-alerts.js';
import { oneLine } from './one-line.js';

const Time = Type.String({ format: 'date-time' });

/** A workload in the body of posts to `ALERT_WEBHOOK_URLS`. */
export const WorkloadBody = Type.Object({
  namespace: Type.String(),
  workloadKind: Type.String(),
  name: Type.String(),
  kind: Type.Enum(['started', 'continues', 'ended']),
  /** By which limit it was unstable. */
  why: Type.Enum(INSTABILITIES),
  startedAt: Time,
  /** When it had been stable for an hour; null: it is not. */
  endedAt: Type.Union([Time, Type.Null()]),
  durationMs: Type.Integer({ minimum: 0 }),
  /** Not all of that time, or of the hour before it, was watched: more may have happened, and the workload may have been stable in between. */
  hasGap: Type.Boolean(),
  /** In the hour before `measuredAt`. */
  replaced: Type.Integer({ minimum: 0 }),
  restarts: Type.Integer({ minimum: 0 }),
  failed: Type.Integer({ minimum: 0 }),
  measuredAt: Time,
  /** What is usual in an hour; null: not known. */
  usual: Type.Union([Type.Number(), Type.Null()]),
  lastPod: Type.Union([Type.String(), Type.Null()]),
  lastCause: Type.Union([Type.String(), Type.Null()]),
  lastExitCode: Type.Union([Type.Integer(), Type.Null()]),
  lastAt: Type.Union([Time, Type.Null()]),
});
export type WorkloadBody = Static<typeof WorkloadBody>;

/** A text names so many, and says how many more there are. */
const MAX_NAMED = 10;

export type AlertEvent = 'problem' | 'reminder' | 'recovery';

/** What an alert about workloads is. */
export function eventOfWorkloads({ changes }: WorkloadNews): AlertEvent {
  if (changes.some(({ kind }) => kind === 'started')) return 'problem';
  return changes.some(({ kind }) => kind === 'continues') ? 'reminder' : 'recovery';
}

/** `Unstable: shop/web and 2 more`, with what the event is about. */
export function titleOfWorkloads(news: WorkloadNews, nowMs: number): string {
  const event = eventOfWorkloads(news);
  const kind = event === 'problem' ? 'started' : event === 'reminder' ? 'continues' : 'ended';
  const named = news.changes.filter((change) => change.kind === kind);
  const [first] = named;
  if (first === undefined) return 'Workloads';
  const others = named.length - 1 + news.more;
  const what = `${nameOf(first.trouble)}${others > 0 ? ` and ${others} more` : ''}`;
  if (event === 'problem') return `Unstable: ${what}`;
  const lengthMs = Math.max(...named.map((change) => durationMs(change, nowMs)));
  return event === 'reminder'
    ? `Still unstable after ${formatDuration(lengthMs)}: ${what}`
    : `Stable again: ${what}`;
}

/** The paragraph of an alert about workloads. */
export function describeWorkloads(news: WorkloadNews, nowMs: number): string {
  const { changes, more, lasting, likelyNode } = news;
  const unnamed = changes.length - MAX_NAMED + more;
  return [
    ...changes.slice(0, MAX_NAMED).map((change) => describe(change, nowMs)),
    ...(unnamed > 0 ? [`And ${unnamed} more.`] : []),
    ...(likelyNode === null
      ? []
      : [
          `Of the ${likelyNode.of} pods that ended, ${likelyNode.pods} were evicted from the node ${oneLine(likelyNode.node)} or lost with it: look at that node first.`,
        ]),
    ...(lasting > 0
      ? [`${lasting} more ${lasting === 1 ? 'workload is' : 'workloads are'} unstable, as reported before.`]
      : []),
  ].join('\n');
}

function describe({ kind, trouble, untilMs, hasGap }: WorkloadChange, nowMs: number): string {
  const { workload, sinceMs, last } = trouble;
  const name = `${nameOf(trouble)}, ${oneLine(workload.kind)}`;
  const length = formatDuration(durationMs({ trouble, untilMs }, nowMs));
  const unwatched = hasGap ? ' Not all of that time was watched.' : '';
  if (kind === 'ended')
    return `${name}: stable for an hour, as of ${minuteUtc(untilMs ?? nowMs)}; it was unstable since ${minuteUtc(sinceMs)} (${length}).${unwatched}`;
  const counts = `${describeCounts(trouble, trouble.usual ?? undefined, `in the hour before ${minuteUtc(trouble.atMs)}`)}.`;
  const lastOne =
    last === null
      ? ''
      : `\n  Last one: ${oneLine(last.pod)}, ${oneLine(causeWords(last.cause, last.exitCode))}, at ${exactUtc(last.atMs)}.`;
  const still = kind === 'continues' ? `still unstable since ${minuteUtc(sinceMs)} (${length}): ` : '';
  return `${name}: ${still}${counts}${unwatched}${lastOne}`;
}

/** The same for programs. */
export function workloadBodies({ changes }: WorkloadNews, nowMs: number): WorkloadBody[] {
  return changes.map((change) => {
    const { trouble, kind, untilMs } = change;
    const { workload, why, replaced, restarts, failed, usual, last } = trouble;
    return {
      namespace: workload.namespace,
      workloadKind: workload.kind,
      name: workload.name,
      ...{ kind, why },
      startedAt: iso(trouble.sinceMs),
      endedAt: untilMs === null ? null : iso(untilMs),
      durationMs: durationMs(change, nowMs),
      hasGap: change.hasGap === true,
      ...{ replaced, restarts, failed, usual },
      measuredAt: iso(trouble.atMs),
      lastPod: last?.pod ?? null,
      lastCause: last?.cause ?? null,
      lastExitCode: last?.exitCode ?? null,
      lastAt: last === null ? null : iso(last.atMs),
    };
  });
}

const iso = (ms: number) => new Date(ms).toISOString();

function nameOf({ workload: { namespace, name } }: WorkloadTrouble): string {
  return oneLine(`${namespace}/${name}`);
}

function durationMs(
  { trouble, untilMs }: Pick<WorkloadChange, 'trouble' | 'untilMs'>,
  nowMs: number,
): number {
  return Math.max(0, Math.round((untilMs ?? nowMs) - trouble.sinceMs));
}
