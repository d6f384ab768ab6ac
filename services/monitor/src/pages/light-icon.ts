import type { Light } from '../status/lights.js';
import { LIGHT_WORDS } from '../words/light-words.js';
import { type Html, html } from './html.js';

/** Attributes of lines that are no areas: what is drawn on a shape, and the ring. */
interface Lines {
  readonly mark: Html;
  readonly ring: Html;
}

/** On a page the style sheet says how they look. */
const CLASSES: Lines = { mark: html`class="mark"`, ring: html`class="ring"` };

/** A circle, a triangle, an octagon, a ring: distinct without colours. */
const SHAPES: Readonly<Record<Light, (lines: Lines) => Html>> = {
  green: ({ mark }) => html`<circle cx="12" cy="12" r="10"/><path ${mark} d="M7 12.5l3.5 3.5L17 9"/>`,
  yellow: ({ mark }) => html`<path d="M12 2 23 21H1z"/><path ${mark} d="M12 9v6M12 17.5v1"/>`,
  red: ({ mark }) =>
    html`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path ${mark} d="M8.5 8.5l7 7M15.5 8.5l-7 7"/>`,
  grey: ({ ring }) => html`<circle ${ring} cx="12" cy="12" r="9"/>`,
};

/** A light as colour and shape; the word stands beside it. */
export function lightIcon(light: Light): Html {
  return html`<span class="light ${light}"><svg viewBox="0 0 24 24" aria-hidden="true">${SHAPES[light](CLASSES)}</svg></span>`;
}

/** A light as colour, shape and word. */
export function lightWithWord(light: Light, word = LIGHT_WORDS[light]): Html {
  return html`<span class="lit">${lightIcon(light)} ${word}</span>`;
}

/** A light as an image of its own, for the tab of a browser, where there is no style sheet and no policy allows one. */
export function favicon(light: Light): Html {
  const colour = FAVICON_COLOURS[light];
  const lines = {
    mark: html`fill="none" stroke="#fff" stroke-width="2.5"`,
    ring: html`fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="4 3"`,
  };
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="${colour}">${SHAPES[light](lines)}</svg>`;
}

/** Seen on light and on dark tabs. */
const FAVICON_COLOURS: Readonly<Record<Light, string>> = {
  green: '#1f9d55',
  yellow: '#c98500',
  red: '#d93036',
  grey: '#7a8290',
};
