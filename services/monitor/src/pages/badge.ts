import type { Light } from '../status/lights.js';
import { LIGHT_WORDS } from '../words/light-words.js';
import { type Html, html } from './html.js';

/** Dark enough for white text (WCAG 2.2, contrast of 4.5). */
const COLORS: Readonly<Record<Light, string>> = {
  green: '#1a7f37',
  yellow: '#8a6100',
  red: '#c5221f',
  grey: '#5b6470',
};
const LABEL_COLOR = '#2f363d';
const HEIGHT = 20;
const PADDING = 7;
/** Nearly that of Verdana at its size; `textLength` compensates for wider or narrower fonts. */
const CHAR_WIDTH = 7;
const NARROW_CHAR_WIDTH = 4;

/** A small picture, `Queue write | failing`. It needs no style sheet, so that other pages may show it. */
export function badge(label: string, light: Light, word = LIGHT_WORDS[light]): Html {
  const [labelWidth, wordWidth] = [widthOf(label), widthOf(word)];
  const width = labelWidth + wordWidth;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${label}: ${word}">
<title>${label}: ${word}</title>
<clipPath id="r"><rect width="${width}" height="${HEIGHT}" rx="4"/></clipPath>
<g clip-path="url(#r)"><rect width="${labelWidth}" height="${HEIGHT}" fill="${LABEL_COLOR}"/><rect x="${labelWidth}" width="${wordWidth}" height="${HEIGHT}" fill="${COLORS[light]}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">${text(label, 0)}${text(word, labelWidth)}</g>
</svg>
`;
}

function text(content: string, left: number): Html {
  return html`<text x="${left + PADDING}" y="14" textLength="${widthOf(content) - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">${content}</text>`;
}

function widthOf(content: string): number {
  const widths = [...content].map((char) => (/[ijlfrt.,:' -]/.test(char) ? NARROW_CHAR_WIDTH : CHAR_WIDTH));
  return widths.reduce((sum, width) => sum + width, 0) + 2 * PADDING;
}
