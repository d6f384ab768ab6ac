import type { Light } from '../lights.js';
import { type Html, html } from './html.js';

/** The word for each light; the strip also knows times in which no monitor was running. */
export const LIGHT_WORDS: Readonly<Record<Light | 'unknown', string>> = {
  green: 'working',
  yellow: 'silent',
  red: 'failing',
  grey: 'never heard of',
  unknown: 'not known',
};

/** A circle, a triangle, an octagon, a ring: told apart without colours. */
const SHAPES: Readonly<Record<Light, Html>> = {
  green: html`<circle cx="12" cy="12" r="10"/><path class="mark" d="M7 12.5l3.5 3.5L17 9"/>`,
  yellow: html`<path d="M12 2 23 21H1z"/><path class="mark" d="M12 9v6M12 17.5v1"/>`,
  red: html`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path class="mark" d="M8.5 8.5l7 7M15.5 8.5l-7 7"/>`,
  grey: html`<circle class="ring" cx="12" cy="12" r="9"/>`,
};

/** A light as colour and shape; the word stands beside it. */
export function lightIcon(light: Light): Html {
  return html`<span class="light ${light}"><svg viewBox="0 0 24 24" aria-hidden="true">${SHAPES[light]}</svg></span>`;
}

/** A light as colour, shape and word. */
export function lightWithWord(light: Light, word = LIGHT_WORDS[light]): Html {
  return html`<span class="lit">${lightIcon(light)} ${word}</span>`;
}

/** A light as an image of its own, for the tab of a browser, which gives it no style sheet. */
export function favicon(light: Light): Html {
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><style>*{fill:${FAVICON_COLOURS[light]}}
.mark,.ring{fill:none;stroke:#fff;stroke-width:2.5}.ring{stroke:${FAVICON_COLOURS[light]};stroke-dasharray:4 3}</style>${SHAPES[light]}</svg>`;
}

/** Seen on light and on dark tabs. */
const FAVICON_COLOURS: Readonly<Record<Light, string>> = {
  green: '#1f9d55',
  yellow: '#c98500',
  red: '#d93036',
  grey: '#7a8290',
};
