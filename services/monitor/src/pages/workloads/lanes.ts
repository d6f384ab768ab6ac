import { exactUtc, minuteUtc, visibleText } from '../../words/format.js';
import { isDisruption, isFailure } from '../../workloads/facts.js';
import { causeWords } from '../../workloads/words.js';
import type { PodLifeView, RestartView } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';

/** Of more pods only the latest are drawn; the table has all. */
const MAX_LANES = 24;
const LANE = 18;
const BAR = 10;
const MARK = 5;
/** A bar is at least so wide, in percent. */
const SHORTEST = 0.2;

export interface LanesOptions {
  readonly pods: readonly PodLifeView[];
  readonly restarts: readonly RestartView[];
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** How a pod ended, as it is drawn: by a shape as well as by a colour. */
type End = 'runs' | 'done' | 'deleted' | 'disrupted' | 'failed';

const END_WORDS: Readonly<Record<Exclude<End, 'runs'>, string>> = {
  done: 'completed',
  deleted: 'deleted',
  disrupted: 'evicted, preempted or lost with its node',
  failed: 'failed',
};

/** A time as a part of the width, in percent. */
type Place = (time: string | null) => number;

/** The lives of pods as bars, one lane each, time across, as wide as the page. The tables of the page say the same. */
export function lanes({ pods, restarts, fromMs, toMs }: LanesOptions): Html {
  const x: Place = (time) => {
    const ms = time === null ? toMs : Math.min(toMs, Math.max(fromMs, Date.parse(time)));
    return Math.round(((ms - fromMs) / (toMs - fromMs)) * 10_000) / 100;
  };
  const seen = pods.filter(({ endedAt }) => endedAt === null || Date.parse(endedAt) > fromMs);
  const drawn = seen
    .toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, MAX_LANES);
  const height = Math.max(1, drawn.length) * LANE;
  const rollouts = rolloutsOf(seen).filter(({ startedAt }) => Date.parse(startedAt) > fromMs);
  const ticks = restarts.filter(({ at }) => Date.parse(at) > fromMs);
  return html`<figure class="lives">
<svg width="100%" height="${height}" role="img" aria-label="${summary(drawn, seen.length, rollouts.length)}">
${rollouts.map((pod) => rollout(pod, x(pod.startedAt), height))}
${drawn.map((pod, index) => lane(pod, index * LANE, x))}
${ticks.flatMap(({ podUid, at }) => {
  const index = drawn.findIndex((pod) => podUid === pod.podUid);
  return index < 0 ? [] : [tick(x(at), index * LANE)];
})}
</svg>
<p class="axis" aria-hidden="true"><span>${minuteUtc(fromMs)}</span><span>now</span></p>
<figcaption>${LEGEND}${seen.length > drawn.length ? ` Drawn are the latest ${drawn.length} of ${seen.length} pods.` : ''}</figcaption>
</figure>`;
}

const LEGEND =
  'One bar for each pod. It ends with a cross where the pod failed, a triangle where it was evicted, preempted or lost with its node, a dot where it was deleted, and with nothing where it completed or runs. Ticks are restarts of containers, dashed lines rollouts. The tables below say the same.';

function lane({ pod, ip, startedAt, endedAt, cause, exitCode }: PodLifeView, top: number, x: Place): Html {
  const end = endOf(endedAt, cause);
  const [from, to, middle] = [x(startedAt), x(endedAt), top + LANE / 2];
  const words = endedAt === null ? 'runs' : `ended ${exactUtc(endedAt)}: ${causeWords(cause, exitCode)}`;
  return html`<g class="${end}"><title>${visibleText(pod)}, ${ip === '' ? 'without an address' : `started ${exactUtc(startedAt)}`}, ${visibleText(words)}</title><rect class="life" x="${from}%" y="${middle - BAR / 2}" width="${Math.max(SHORTEST, Math.round((to - from) * 100) / 100)}%" height="${BAR}"/>${mark(end, to, middle)}</g>`;
}

function rollout({ startedAt, revision }: PodLifeView, x: number, height: number): Html {
  return html`<line class="rollout" x1="${x}%" x2="${x}%" y2="${height}"><title>rollout of ${visibleText(revision)}, ${exactUtc(startedAt)}</title></line>`;
}

/** A picture of its own, so that its shape does not depend on the width of the page. */
function mark(end: End, x: number, y: number): Html | undefined {
  const shape = SHAPES[end];
  if (shape === undefined) return undefined;
  return html`<svg x="${x}%" y="${y}" overflow="visible"><path class="end" d="${shape}"/></svg>`;
}

const SHAPES: Readonly<Partial<Record<End, string>>> = {
  failed: `M-${MARK} -${MARK}l${2 * MARK} ${2 * MARK}m0 -${2 * MARK}l-${2 * MARK} ${2 * MARK}`,
  disrupted: `M0 -${MARK}l${MARK} ${2 * MARK}h-${2 * MARK}z`,
  deleted: `M-${MARK} 0a${MARK} ${MARK} 0 0 1 ${2 * MARK} 0a${MARK} ${MARK} 0 0 1 -${2 * MARK} 0z`,
};

function tick(x: number, top: number): Html {
  return html`<rect class="restart" x="${x}%" y="${top + 1}" width="2" height="${LANE - 2}"/>`;
}

/**
 * The first pod of each revision but the first. Of a revision that comes back, it is the first pod after others started and all
 * that it had before are gone: while a rollout lasts, pods of both may start.
 */
function rolloutsOf(pods: readonly PodLifeView[]): PodLifeView[] {
  const first: PodLifeView[] = [];
  const goneAtMs = new Map<string, number>();
  let last: string | undefined;
  for (const pod of pods.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))) {
    const { revision, startedAt, endedAt } = pod;
    if (revision === '') continue;
    const beforeMs = goneAtMs.get(revision) ?? Number.NEGATIVE_INFINITY;
    if (last !== revision && beforeMs <= Date.parse(startedAt)) first.push(pod);
    goneAtMs.set(
      revision,
      Math.max(beforeMs, endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(endedAt)),
    );
    last = revision;
  }
  return first.slice(1);
}

function endOf(endedAt: string | null, cause: string | null): End {
  if (endedAt === null) return 'runs';
  if (cause === 'Completed') return 'done';
  if (isDisruption(cause ?? '')) return 'disrupted';
  return isFailure(cause ?? '') ? 'failed' : 'deleted';
}

function summary(drawn: readonly PodLifeView[], seen: number, rollouts: number): string {
  const ends = drawn.map(({ endedAt, cause }) => endOf(endedAt, cause));
  const count = (end: End) => ends.filter((one) => one === end).length;
  const ended = (Object.keys(END_WORDS) as (keyof typeof END_WORDS)[]).flatMap((end) =>
    count(end) === 0 ? [] : [`${count(end)} ${END_WORDS[end]}`],
  );
  return [
    `The lives of ${drawn.length} of ${seen} pods: ${count('runs')} run`,
    ...ended,
    `${rollouts} rollouts`,
  ].join(', ');
}
