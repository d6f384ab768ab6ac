import { formatUtc, visibleText } from '../../words/format.js';
import { isDisruption, isFailure } from '../../workloads/facts.js';
import { causeWords } from '../../workloads/words.js';
import type { PodLifeView, RestartView } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';

/** Of more pods only the latest are drawn; the table has all. */
const MAX_LANES = 30;
const WIDTH = 1_000;
const LANE = 18;
const BAR = 10;
const MARK = 5;

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

/** The lives of pods as bars, one lane each, time across. The table of the page says the same. */
export function lanes({ pods, restarts, fromMs, toMs }: LanesOptions): Html {
  const x = (time: string | null) => {
    const ms = time === null ? toMs : Math.min(toMs, Math.max(fromMs, Date.parse(time)));
    return Math.round(((ms - fromMs) / (toMs - fromMs)) * WIDTH);
  };
  const seen = pods.filter(({ endedAt }) => endedAt === null || Date.parse(endedAt) > fromMs);
  const drawn = seen
    .toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, MAX_LANES);
  const height = drawn.length * LANE;
  const rollouts = rolloutsOf(seen).filter(({ startedAt }) => Date.parse(startedAt) > fromMs);
  return html`<figure class="lives">
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${summary(drawn, seen.length, rollouts.length)}">
${rollouts.map(({ startedAt }) => html`<path class="rollout" d="M${x(startedAt)} 0v${height}"><title>rollout, ${formatUtc(Date.parse(startedAt))}</title></path>`)}
${drawn.map((pod, index) => lane(pod, index * LANE, x))}
${restarts.flatMap((restart) => {
  const index = drawn.findIndex(({ podUid }) => podUid === restart.podUid);
  return index < 0 || Date.parse(restart.at) < fromMs ? [] : [tick(restart, x(restart.at), index * LANE)];
})}
</svg>
<p class="axis" aria-hidden="true"><span>${formatUtc(fromMs).slice(0, 16)} UTC</span><span>now</span></p>
<figcaption>${LEGEND}${seen.length > drawn.length ? ` Drawn are the latest ${drawn.length} of ${seen.length} pods.` : ''}</figcaption>
</figure>`;
}

const LEGEND =
  'One bar for each pod. It ends with a cross where the pod failed, a triangle where it was evicted, preempted or lost with its node, a dot where it was deleted, and with nothing where it completed or runs. Ticks are restarts of containers, dashed lines rollouts.';

function lane(
  { pod, startedAt, endedAt, cause, exitCode }: PodLifeView,
  top: number,
  x: (time: string | null) => number,
): Html {
  const end = endOf(endedAt, cause);
  const [from, to, middle] = [x(startedAt), x(endedAt), top + LANE / 2];
  const words =
    endedAt === null ? 'runs' : `ended ${formatUtc(Date.parse(endedAt))}: ${causeWords(cause, exitCode)}`;
  return html`<g class="${end}"><title>${visibleText(pod)}, started ${formatUtc(Date.parse(startedAt))}, ${visibleText(words)}</title>
<path class="life" d="M${from} ${middle - BAR / 2}H${Math.max(from + 2, to)}v${BAR}H${from}z"/>${mark(end, to, middle)}</g>`;
}

function mark(end: End, x: number, y: number): Html | undefined {
  const centre = Math.min(WIDTH - MARK, Math.max(MARK, x));
  switch (end) {
    case 'failed':
      return html`<path class="end" d="M${centre - MARK} ${y - MARK}l${2 * MARK} ${2 * MARK}m0 -${2 * MARK}l-${2 * MARK} ${2 * MARK}"/>`;
    case 'disrupted':
      return html`<path class="end" d="M${centre} ${y - MARK}l${MARK} ${2 * MARK}h-${2 * MARK}z"/>`;
    case 'deleted':
      return html`<circle class="end" cx="${centre}" cy="${y}" r="${MARK}"/>`;
    default:
      return undefined;
  }
}

function tick({ at, container, cause, exitCode }: RestartView, x: number, top: number): Html {
  const words = `${container} restarted ${formatUtc(Date.parse(at))}: ${causeWords(cause, exitCode)}`;
  return html`<path class="restart" d="M${x} ${top + 1}v${LANE - 2}"><title>${visibleText(words)}</title></path>`;
}

/** The first pod of each revision but the first. */
function rolloutsOf(pods: readonly PodLifeView[]): PodLifeView[] {
  const first = new Map<string, PodLifeView>();
  for (const pod of pods.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt)))
    if (pod.revision !== '' && !first.has(pod.revision)) first.set(pod.revision, pod);
  return [...first.values()].slice(1);
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
