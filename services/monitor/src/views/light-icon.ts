import type { Light } from '../lights.js';
import { type Html, html } from './html.js';

/** The word for each light. */
export const LIGHT_WORDS: Readonly<Record<Light, string>> = {
  green: 'working',
  yellow: 'silent',
  red: 'failing',
  grey: 'never heard of',
};

/** A circle, a triangle, an octagon, a ring: told apart without colours. */
const SHAPES: Readonly<Record<Light, Html>> = {
  green: html`<circle cx="12" cy="12" r="10"/><path class="mark" d="M7 12.5l3.5 3.5L17 9"/>`,
  yellow: html`<path d="M12 2 23 21H1z"/><path class="mark" d="M12 9v6M12 17.5v1"/>`,
  red: html`<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/><path class="mark" d="M8.5 8.5l7 7M15.5 8.5l-7 7"/>`,
  grey: html`<circle class="ring" cx="12" cy="12" r="9"/>`,
};

/** A light as colour, shape and word. */
export function lightIcon(light: Light): Html {
  return html`<span class="light ${light}"><svg viewBox="0 0 24 24" aria-hidden="true">${SHAPES[light]}</svg> ${LIGHT_WORDS[light]}</span>`;
}
