import type { SlotView } from '../../status-view.js';
import { formatUtc, visibleText } from '../format.js';
import { type Html, html } from '../html.js';
import { LIGHT_WORDS } from '../light-icon.js';

/** Neighbouring slots with the same light and message, drawn as one bar. */
interface Run extends SlotView {
  readonly start: number;
  readonly count: number;
}

type SlotLight = SlotView['light'];

/** Trouble stands out by its height too, for those who see no colours. Of a strip that is 8 units high. */
const HEIGHTS: Readonly<Record<SlotLight, number>> = { green: 4, yellow: 6, red: 8, grey: 2, unknown: 1 };
const NAMED_RUNS = 4;

/**
 * The last 24 hours as bars. Each bar says from when to when, and what was; the page's script finds the single slot
 * below the pointer and takes the arrow keys, so that a strip is one stop of the tab key instead of 96.
 */
export function strip(name: string, slots: readonly SlotView[]): Html {
  const first = slots[0];
  if (first === undefined) return html``;
  const slotMs = Date.parse(slots[1]?.from ?? first.to) - Date.parse(first.from);
  const runs = runsOf(slots);
  return html`<div class="strip" role="img" aria-label="${name}, the last 24 hours: ${inWords(runs)}" data-from="${Date.parse(first.from)}" data-slot="${slotMs}">
<svg viewBox="0 0 ${slots.length} 8" preserveAspectRatio="none" aria-hidden="true">${runs.map(bar)}</svg></div>
<p class="axis" aria-hidden="true"><span>24 h ago</span><span>12 h</span><span>now</span></p>`;
}

function bar({ light, start, count, from, to, message }: Run): Html {
  const height = HEIGHTS[light];
  const said = message === '' ? '' : `: ${visibleText(message)}`;
  return html`<rect class="${light}" x="${start}" y="${8 - height}" width="${count}" height="${height}"><title>${minute(from)} – ${endMinute(from, to)} UTC
${LIGHT_WORDS[light]}${said}</title></rect>`;
}

function runsOf(slots: readonly SlotView[]): Run[] {
  const runs: Run[] = [];
  slots.forEach((slot, start) => {
    const last = runs.at(-1);
    if (last?.light === slot.light && last.message === slot.message)
      runs[runs.length - 1] = { ...last, to: slot.to, count: last.count + 1 };
    else runs.push({ ...slot, start, count: 1 });
  });
  return runs;
}

/** For those who see no bars: every time of trouble, the newest first. */
function inWords(runs: readonly Run[]): string {
  const trouble = runs.filter(({ light }) => light === 'red' || light === 'yellow').reverse();
  if (trouble.length === 0)
    return runs.some(({ light }) => light === 'green') ? 'no trouble' : 'nothing known';
  const named = trouble
    .slice(0, NAMED_RUNS)
    .map(
      ({ light, from, to }) =>
        `${LIGHT_WORDS[light]} ${minute(from).slice(11)} to ${minute(to).slice(11)} UTC`,
    );
  const more = trouble.length > NAMED_RUNS ? [`${trouble.length - NAMED_RUNS} times more`] : [];
  return [...named, ...more].join('; ');
}

/** The end of a time, with its day only when it is another one. */
function endMinute(from: string, to: string): string {
  return minute(from).slice(0, 10) === minute(to).slice(0, 10) ? minute(to).slice(11) : minute(to);
}

/** `2026-01-31 12:00`. */
function minute(time: string): string {
  return formatUtc(Date.parse(time)).slice(0, 16);
}
