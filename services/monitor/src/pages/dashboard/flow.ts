import type { FlowView } from '../../flow/flow-view.js';
import { type FlowSlot, SLOT_MS, SLOTS } from '../../flow/series.js';
import type { Light } from '../../status/lights.js';
import { formatDuration, formatUtc } from '../../words/format.js';
import { describeWaiting } from '../../words/waiting.js';
import { type Html, html } from '../html.js';
import { lightWithWord } from '../light-icon.js';

const LIGHTS = { 'in time': 'green', late: 'yellow', 'not known': 'grey' } as const;

/**
 * How messages get on from the reader to Fluentd: what waits, and how fast they come and go.
 * @param view null before the first report: the part has its place, into which an open page gets it
 * @param light that of queue read
 */
export function flow(view: FlowView | null, light: Light): Html {
  if (view === null)
    return html`<h2 id="flow">Delivery</h2>
<p class="none">No report yet.</p>`;
  const { oldestMs, publishedPerSecond, writtenPerSecond, lagMs } = view;
  // A queue that cannot be read may hold messages of which nothing is known.
  const state = view.state === 'in time' && light !== 'green' ? 'not known' : view.state;
  return html`<h2 id="flow">Delivery</h2>
<dl class="figures">
<div><dt>Queue drains</dt><dd>${lightWithWord(LIGHTS[state], state)}</dd></div>
<div><dt>Waiting</dt><dd>${describeWaiting(view) ?? (view.queued === null || view.buffered === null ? 'not known' : 'nothing')}</dd></div>
<div><dt>Oldest on the queue</dt><dd>${oldestMs === null ? '–' : formatDuration(oldestMs)}</dd></div>
<div><dt>Published</dt><dd>${publishedPerSecond === null ? 'not known' : rate(publishedPerSecond)}</dd></div>
<div><dt>Delivered</dt><dd>${writtenPerSecond === null ? 'not known' : rate(writtenPerSecond)}</dd></div>
<div><dt>Longest delay now</dt><dd>${lagMs === null ? '–' : formatDelay(lagMs)}</dd></div>
</dl>`;
}

function rate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.1) return 'less than 0.1 a second';
  return `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en')} a second`;
}

/** `12 ms`, `1.2 s`, `5 min 45 s`. */
function formatDelay(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(ms);
}

const AXIS = html`<p class="axis" aria-hidden="true"><span>24 h ago</span><span>now</span></p>`;
const HEIGHT = 60;
/** Delays from the shortest to the longest that are told apart, on a logarithmic scale. */
const [SHORTEST_MS, LONGEST_MS] = [10, 86_400_000];

/** Throughput and delay over 24 hours. */
export function flowGraph(view: FlowView | null): Html {
  const series = view?.series ?? [];
  const newestMs = series.at(-1)?.atMs;
  if (newestMs === undefined) return html``;
  const slots = Array.from({ length: SLOTS }, (_, x) =>
    series.find(({ atMs }) => atMs === newestMs - (SLOTS - 1 - x) * SLOT_MS),
  );
  const known = slots.filter((slot) => slot !== undefined);
  const busiest = Math.max(0, ...known.map(({ written, published }) => Math.max(written, published)));
  const most = Math.max(1, busiest);
  const shape = (heightOf: (slot: FlowSlot) => number) =>
    outline(slots.map((slot) => (slot ? heightOf(slot) : 0)));
  const throughput = `${sum(known.map(({ written }) => written))} delivered in 24 hours, ${rate((busiest * 1_000) / SLOT_MS)} at most`;
  return html`<div class="graphs">
<figure><figcaption>Throughput: ${throughput}</figcaption>
<svg class="changes" viewBox="0 0 ${SLOTS} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${throughput}"><path class="ends" d="${shape(({ published }) => (published / most) * HEIGHT)}"/><path class="starts" d="${shape(({ written }) => (written / most) * HEIGHT)}"/></svg>${AXIS}</figure>
<figure><figcaption>Longest delay: ${longest(known)} (logarithmic)</figcaption>
<svg class="changes" viewBox="0 0 ${SLOTS} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${longest(known)}"><path class="late" d="${shape(({ lagMs }) => delayHeight(lagMs))}"/></svg>${AXIS}</figure></div>`;
}

/** Bars beside each other as one shape, which takes less than an element each. */
function outline(heights: readonly number[]): string {
  const tops = heights.map((height) => HEIGHT - Math.ceil(height));
  const steps = tops.flatMap((top, x) => (top === tops[x + 1] ? [] : [`V${top}H${x + 1}`]));
  return `M0 ${HEIGHT}${steps.join('')}V${HEIGHT}z`;
}

function delayHeight(lagMs: number | null): number {
  if (lagMs === null) return 0;
  const share = Math.log(Math.max(lagMs, SHORTEST_MS) / SHORTEST_MS) / Math.log(LONGEST_MS / SHORTEST_MS);
  return Math.max(1, share * HEIGHT);
}

function longest(slots: FlowView['series']): string {
  const [worst] = [...slots].sort((a, b) => (b.lagMs ?? -1) - (a.lagMs ?? -1));
  if (worst === undefined || worst.lagMs === null) return 'nothing was delivered';
  return `${formatDelay(worst.lagMs)}, at ${formatUtc(worst.atMs).slice(11, 16)} UTC`;
}

function sum(counts: readonly number[]): string {
  return counts.reduce((a, b) => a + b, 0).toLocaleString('en');
}
