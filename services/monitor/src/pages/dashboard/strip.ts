import { LIGHTS } from '../../status/lights.js';
import type { SlotView } from '../../view/status-view.js';
import { formatUtc, shorten, visibleText } from '../../words/format.js';
import { LIGHT_WORDS } from '../../words/light-words.js';
import { type Html, html } from '../html.js';

/** Neighbouring slots with the same light and message, drawn as one bar. */
interface Run extends SlotView {
  readonly start: number;
  readonly count: number;
}

type SlotLight = SlotView['light'];

/** Trouble stands out by its height too, for those who see no colours. Of a strip that is 8 units high. */
const HEIGHTS: Readonly<Record<SlotLight, number>> = { green: 4, yellow: 6, red: 8, grey: 2, unknown: 1 };
const SLOT_LIGHTS = [...LIGHTS, 'unknown'] as const;
const NAMED_RUNS = 4;

/** The length of a message: strips with much trouble have less room for each, because the page has to stay small. */
const MAX_SAID_BYTES = 60;
const MAX_STRIP_BYTES = 800;

/**
 * The last 24 hours as bars. The page's script finds the slot below the pointer and takes the arrow keys, so that a
 * strip is one stop of the tab key instead of 96; the text of each slot is in `data-runs`.
 */
export function strip(name: string, slots: readonly SlotView[]): Html {
  const first = slots[0];
  if (first === undefined) return html``;
  const slotMs = Date.parse(slots[1]?.from ?? first.to) - Date.parse(first.from);
  const runs = runsOf(slots);
  const saidBytes = Math.min(MAX_SAID_BYTES, Math.floor(MAX_STRIP_BYTES / runs.length));
  const said = runs.map((run) => `${run.start} ${describe(run, saidBytes)}`).join('\n');
  return html`<div class="strip" role="img" title="${name}, the last 24 hours: ${inWords(runs)}" data-from="${Date.parse(first.from)}" data-slot="${slotMs}" data-runs="${said}">
<svg viewBox="0 0 ${slots.length} 8" preserveAspectRatio="none" aria-hidden="true">${SLOT_LIGHTS.map((light) => bars(light, runs)).filter((one) => one !== undefined)}</svg></div>
<p class="axis" aria-hidden="true"><span>24 h ago</span><span>12 h</span><span>now</span></p>`;
}

/** All bars of a light as one line with gaps, as thick as they are high, which takes much less than an element each. */
function bars(light: SlotLight, runs: readonly Run[]): Html | undefined {
  const height = HEIGHTS[light];
  const own = runs.filter((run) => run.light === light);
  if (own.length === 0) return undefined;
  const lines = own.map(({ start, count }) => `M${start} ${8 - height / 2}h${count}`);
  return html`<path class="${light}" stroke-width="${height}" d="${lines.join('')}"/>`;
}

function describe({ light, message }: Run, maxBytes: number): string {
  const said = shorten(visibleText(message.replace(/\s+/g, ' ')), maxBytes);
  return said === '' ? LIGHT_WORDS[light] : `${LIGHT_WORDS[light]}: ${said}`;
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

/** `2026-01-31 12:00`. */
function minute(time: string): string {
  return formatUtc(Date.parse(time)).slice(0, 16);
}
