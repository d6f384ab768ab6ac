import type { RenderedDocument } from '../help/markdown.js';
import type { Light } from '../status/lights.js';
import { Html, html } from './html.js';
import { type Assets, layout } from './layout.js';

export interface HelpPageOptions {
  readonly assets: Assets;
  /** The worst light, for the icon of the tab. */
  readonly light: Light;
  readonly hasLedger: boolean;
}

/** The list of the documents: by name, their titles. */
export function helpIndex(titles: ReadonlyMap<string, string>, options: HelpPageOptions): Html {
  const list = [...titles].map(([name, title]) => html`<li><a href="/help/${name}">${title}</a></li>`);
  const content = html`<h1>Help</h1>
${titles.size === 0 ? html`<p>The documents are not part of this installation.</p>` : html`<p>The documents of this version. At night, begin with the first.</p><ul class="limits">${list}</ul>`}`;
  return layout({ ...options, title: 'Help – podips monitor', content, current: '/help' });
}

/** A document. */
export function helpPage({ title, markup }: RenderedDocument, options: HelpPageOptions): Html {
  // The renderer escapes what is HTML in the source.
  const content = html`<p class="path"><a href="/help">Help</a></p><article class="help">${new Html(markup)}</article>`;
  return layout({ ...options, title: `${title} – podips monitor`, content, current: '/help' });
}
