import { type Html, html } from '../html.js';

const HEIGHT = 20;
/** One in a quarter of an hour is seen as well. */
const LEAST = 4;

/** Counts by the quarter of an hour of the last 24 hours as bars, the highest as high as there is room. */
export function trace(counts: readonly number[]): Html {
  const most = Math.max(1, ...counts);
  const heights = counts.map((count) =>
    count === 0 ? 0 : Math.max(LEAST, Math.round((count / most) * HEIGHT)),
  );
  const busy = counts.filter((count) => count > 0).length;
  const words =
    busy === 0
      ? 'nothing in the last 24 hours'
      : `something in ${busy} of the last ${counts.length} quarters of an hour, at most ${most} in one`;
  return html`<svg class="trace" viewBox="0 0 ${counts.length} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${words}"><path d="${outline(heights)}"/></svg>`;
}

/** The outline of bars that stand side by side, in few characters. */
function outline(heights: readonly number[]): string {
  const steps = heights.map((height, index) => {
    if (height === 0) return '';
    const begin = (heights[index - 1] ?? 0) === 0 ? `M${index} ${HEIGHT}` : '';
    return `${begin}V${HEIGHT - height}h1${(heights[index + 1] ?? 0) === 0 ? `V${HEIGHT}` : ''}`;
  });
  return steps.join('');
}
