import type { WorkloadsSummary } from '../../workloads/workload-view.js';
import { type Html, html } from '../html.js';

/** Above the line the starts, below it the ends. */
const HALF = 30;

/** Starts and ends of holds on addresses over 24 hours, with the times of which something may be missing. */
export function changes({ from, quarterMs, starts, ends, gaps }: WorkloadsSummary['changes']): Html {
  const most = Math.max(1, ...starts, ...ends);
  const fromMs = Date.parse(from);
  const width = starts.length;
  const x = (time: string | null) =>
    time === null ? 0 : Math.min(width, Math.max(0, (Date.parse(time) - fromMs) / quarterMs));
  const hatched = gaps
    .map((gap) => ({ start: x(gap.from), end: x(gap.to) }))
    .filter(({ end }) => end > 0)
    .map(
      ({ start, end }) =>
        `M${start.toFixed(2)} 0h${Math.max(0.2, end - start).toFixed(2)}v${2 * HALF}H${start.toFixed(2)}z`,
    );
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0).toLocaleString('en');
  const words = `${sum(starts)} starts and ${sum(ends)} ends in 24 hours${gaps.length > 0 ? `; ${gaps.length} gaps` : ''}`;
  return html`<h2 id="changes">IP changes</h2>
<div class="card"><p>${words}. The most in a quarter of an hour: ${most.toLocaleString('en')}.</p>
<svg class="changes" viewBox="0 0 ${width} ${2 * HALF}" preserveAspectRatio="none" role="img" aria-label="${words}">
<path class="starts" d="${bars(starts, most, -1)}"/><path class="ends" d="${bars(ends, most, 1)}"/><path class="hatched" d="${hatched.join('')}"/>
</svg>
<p class="axis" aria-hidden="true"><span>24 h ago</span><span>starts above, ends below${hatched.length > 0 ? ', gaps shaded' : ''}</span><span>now</span></p></div>`;
}

function bars(counts: readonly number[], most: number, direction: 1 | -1): string {
  return counts
    .flatMap((count, index) => {
      const height = Math.ceil((count / most) * (HALF - 1));
      return count === 0 ? [] : [`M${index} ${HALF}v${direction * height}h1V${HALF}z`];
    })
    .join('');
}
