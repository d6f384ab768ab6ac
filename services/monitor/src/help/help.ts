import { readdirSync, readFileSync } from 'node:fs';
import type { RenderedDocument } from './markdown.js';

/** The documents of this version. */
export interface Help {
  /** Their names, that of the first to read first. */
  readonly names: readonly string[];
  /** undefined: there is no document of that name. The first one loads the renderer, which few need. */
  read(name: string): Promise<RenderedDocument | undefined>;
}

/** In the image, and in the repository. */
const PLACES = [new URL('../../docs/', import.meta.url), new URL('../../../../docs/', import.meta.url)];
const FIRST = ['troubleshooting', 'operate', 'failures', 'alerts', 'settings'];

/** Finds the documents; each is rendered when it is first asked for. */
export function openHelp(places: readonly URL[] = PLACES): Help {
  const found = places.map((place) => ({ place, all: namesIn(place) })).find(({ all }) => all.length > 0);
  const { place, all = [] } = found ?? {};
  const names = [
    ...FIRST.filter((name) => all.includes(name)),
    ...all.filter((name) => !FIRST.includes(name)),
  ];
  const rendered = new Map<string, RenderedDocument>();
  return {
    names,
    async read(name) {
      if (place === undefined || !names.includes(name)) return undefined;
      const known = rendered.get(name);
      if (known !== undefined) return known;
      const { renderMarkdown } = await import('./markdown.js');
      const document = renderMarkdown(readFileSync(new URL(`${name}.md`, place), 'utf8'), names);
      rendered.set(name, document);
      return document;
    },
  };
}

function namesIn(place: URL): string[] {
  try {
    return readdirSync(place)
      .filter((name) => name.endsWith('.md'))
      .map((name) => name.slice(0, -'.md'.length))
      .sort();
  } catch {
    // Another place may have them; an installation without documents has no help.
    return [];
  }
}
