import { minuteUtc } from '../../words/format.js';
import { BEHIND_MS } from '../../workloads/words.js';
import type { WorkloadsSummary } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';

/** Above the line the starts, below it the ends. */
const HALF = 30;
/** In quarters of an hour: the width of the shortest gap, and how far lines of the hatching are apart. */
const LEAST = 0.3;
const STEP = 0.75;

/** Starts and ends of holds on addresses over 24 hours, with the times of which something may be missing. */
export function changes({ changes: counted, countedUntil }: WorkloadsSummary, nowMs: number): Html {
  const { from, quarterMs, starts, ends, gaps } = counted;
  const most = Math.max(1, ...starts, ...ends);
  const fromMs = Date.parse(from);
  const width = starts.length;
  const x = (ms: number) => Math.min(width, Math.max(0, (ms - fromMs) / quarterMs));
  const untilMs = countedUntil === null ? nowMs : Date.parse(countedUntil);
  const isBehind = nowMs - untilMs > BEHIND_MS;
  const spans = gaps.map((gap) => ({
    start: x(gap.from === null ? fromMs : Date.parse(gap.from)),
    end: x(Date.parse(gap.to)),
  }));
  const missing = isBehind ? [...spans, { start: x(untilMs), end: x(nowMs) }] : spans;
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0).toLocaleString('en');
  const words = [
    `${sum(starts)} starts and ${sum(ends)} ends of leases in 24 hours`,
    ...(gaps.length === 0 ? [] : [`${gaps.length} gap${gaps.length === 1 ? '' : 's'}`]),
    ...(isBehind ? [`nothing is known of the time after ${minuteUtc(untilMs)}`] : []),
    ...(countedUntil === null ? ['still being counted'] : []),
  ].join('; ');
  return html`<h2 id="changes">IP changes</h2>
<p>${words}. The most in a quarter of an hour: ${most.toLocaleString('en')}.</p>
<svg class="changes" viewBox="0 0 ${width} ${2 * HALF}" preserveAspectRatio="none" role="img" aria-label="${words}">
<path class="starts" d="${bars(starts, most, -1)}"/><path class="ends" d="${bars(ends, most, 1)}"/>${hatching(missing)}
</svg>
<p class="axis" aria-hidden="true"><span>24 h ago</span><span>starts above, ends below${missing.length > 0 ? ', gaps hatched' : ''}</span><span>now</span></p>`;
}

/** A gap is shaded, and hatched by lines that are seen without colours as well. */
function hatching(spans: readonly { readonly start: number; readonly end: number }[]): Html {
  const boxes = spans.map(
    ({ start, end }) =>
      `M${start.toFixed(2)} 0H${Math.max(start + LEAST, end).toFixed(2)}V${2 * HALF}H${start.toFixed(2)}z`,
  );
  const lines = spans.flatMap(({ start, end }) =>
    Array.from({ length: Math.ceil(Math.max(LEAST, end - start) / STEP) }, (_none, index) => {
      const left = start + index * STEP;
      return `M${left.toFixed(2)} ${2 * HALF}L${Math.min(left + STEP, Math.max(start + LEAST, end)).toFixed(2)} 0`;
    }),
  );
  return html`<path class="gap" d="${boxes.join('')}"/><path class="hatched" vector-effect="non-scaling-stroke" d="${lines.join('')}"/>`;
}

function bars(counts: readonly number[], most: number, direction: 1 | -1): string {
  return counts
    .flatMap((count, index) => {
      const height = Math.ceil((count / most) * (HALF - 1));
      return count === 0 ? [] : [`M${index} ${HALF}v${direction * height}h1V${HALF}z`];
    })
    .join('');
}
