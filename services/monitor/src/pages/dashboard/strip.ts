import type { StripWindow } from '../../history/strip.js';
import type { SlotView } from '../../view/status-view.js';
import { formatDuration, formatUtc, shorten, visibleText } from '../../words/format.js';
import { LIGHT_WORDS } from '../../words/light-words.js';
import { type Html, html } from '../html.js';
import { FULL, type SlotLight, STACK, stackOf } from './strip-stack.js';

/** Neighbouring slots that look and say the same, drawn as one bar. */
interface Run extends Pick<SlotView, 'from' | 'to' | 'light' | 'message'> {
  readonly start: number;
  readonly count: number;
  /** Its light in words, and for how long it was on. */
  readonly words: string;
  /** Its parts as the path of each light. */
  readonly boxes: Readonly<Partial<Record<SlotLight, string>>>;
}

const NAMED_RUNS = 4;
const DAY_MS = 86_400_000;

/** The length of a message: strips with much trouble have less room for each, because the page has to stay small. */
const MAX_SAID_BYTES = 60;
const MAX_STRIP_BYTES = 800;

const SPANS: Readonly<Record<StripWindow, { words: string; axis: readonly [string, string] }>> = {
  '24h': { words: 'the last 24 hours', axis: ['24 h ago', '12 h'] },
  '7d': { words: 'the last 7 days', axis: ['7 d ago', '3.5 d'] },
  '90d': { words: 'the last 90 days', axis: ['90 d ago', '45 d'] },
};

/**
 * The last hours or days as bars, of which trouble has as much height as it took time. The page's script finds the slot
 * below the pointer and takes the arrow keys, so that a strip is one stop of the tab key instead of 96; the text of each
 * slot is in `data-runs`.
 */
export function strip(name: string, slots: readonly SlotView[], window: StripWindow = '24h'): Html {
  const first = slots[0];
  if (first === undefined) return html``;
  const slotMs = Date.parse(first.to) - Date.parse(first.from);
  const runs = runsOf(slots, slotMs);
  const saidBytes = Math.min(MAX_SAID_BYTES, Math.floor(MAX_STRIP_BYTES / runs.length));
  const said = runs.map((run) => `${run.start} ${describe(run, saidBytes)}`).join('\n');
  const { words, axis } = SPANS[window];
  return html`<div class="strip" role="img" title="${name}, ${words}: ${inWords(runs, window)}" data-from="${Date.parse(first.from)}" data-slot="${slotMs}" data-runs="${said}">
<svg viewBox="0 0 ${slots.length} ${FULL}" preserveAspectRatio="none" aria-hidden="true">${STACK.map((light) => bars(light, runs)).filter((one) => one !== undefined)}</svg></div>
<p class="axis" aria-hidden="true"><span>${axis[0]}</span><span>${axis[1]}</span><span>now</span></p>`;
}

/** All bars of a light as one path, which takes much less than an element each. */
function bars(light: SlotLight, runs: readonly Run[]): Html | undefined {
  const boxes = runs.flatMap(({ start, count, boxes }) => {
    const box = boxes[light];
    return box === undefined ? [] : [`M${start} ${box.replace('h', `h${count}`)}`];
  });
  return boxes.length === 0 ? undefined : html`<path class="${light}" d="${boxes.join('')}"/>`;
}

function describe({ words, message }: Run, maxBytes: number): string {
  const said = shorten(visibleText(message.replace(/\s+/g, ' ')), maxBytes);
  return said === '' ? words : `${words}: ${said}`;
}

function runsOf(slots: readonly SlotView[], slotMs: number): Run[] {
  const runs: Run[] = [];
  slots.forEach((slot, start) => {
    const boxes = boxesOf(slot);
    const words = wordsOf(slot, slotMs);
    const last = runs.at(-1);
    const isAlike = last?.words === words && last.message === slot.message;
    if (isAlike && JSON.stringify(last.boxes) === JSON.stringify(boxes))
      runs[runs.length - 1] = { ...last, to: slot.to, count: last.count + 1 };
    else runs.push({ ...slot, start, count: 1, words, boxes });
  });
  return runs;
}

/** The path of each light but for its left and its width. */
function boxesOf(slot: SlotView): Run['boxes'] {
  const boxes = stackOf(slot).map(({ light, bottom, height }) => [
    light,
    `${short(FULL - bottom)}v${short(-height)}hv${short(height)}z`,
  ]);
  return Object.fromEntries(boxes);
}

function short(value: number): number {
  return Math.round(value * 100) / 100;
}

function wordsOf({ light, redMs, yellowMs }: SlotView, slotMs: number): string {
  const ms = light === 'red' ? redMs : yellowMs;
  return isTrouble(light) && ms < slotMs
    ? `${LIGHT_WORDS[light]} for ${formatDuration(ms)}`
    : LIGHT_WORDS[light];
}

function isTrouble(light: SlotLight): boolean {
  return light === 'red' || light === 'yellow';
}

/** For those who see no bars: every time of trouble, the newest first. */
function inWords(runs: readonly Run[], window: StripWindow): string {
  const trouble = runs.filter(({ light }) => isTrouble(light)).reverse();
  if (trouble.length === 0)
    return runs.some(({ light }) => light === 'green') ? 'no trouble' : 'nothing known';
  const named = trouble
    .slice(0, NAMED_RUNS)
    .map(({ words, from, to }) => `${words}, ${moment(from, window)} to ${moment(to, window)} UTC`);
  const more = trouble.length > NAMED_RUNS ? [`${trouble.length - NAMED_RUNS} times more`] : [];
  return [...named, ...more].join('; ');
}

/** `12:00`, and with the day where there are several. */
function moment(time: string, window: StripWindow): string {
  const text = formatUtc(Date.parse(time)).slice(0, 16);
  if (window === '24h') return text.slice(11);
  return Date.parse(time) % DAY_MS === 0 ? text.slice(0, 10) : text;
}
