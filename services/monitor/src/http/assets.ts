import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Assets } from '../pages/layout.js';
import { favicon } from '../pages/light-icon.js';
import { LIGHTS } from '../status/lights.js';

/** A file that pages load. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
  /** Its name changes with its content, so browsers may keep it for ever. */
  readonly immutable: boolean;
}

const PUBLIC_DIR = new URL('../../public/', import.meta.url);

/** Reads what pages load, once. @throws when a file is missing */
export function loadAssets(): { readonly files: readonly Asset[]; readonly assets: Assets } {
  const style = publicFile('style.css', 'text/css; charset=utf-8');
  const scripts = ['local-times.js', 'strips.js', 'live.js'].map((name) =>
    publicFile(name, 'text/javascript; charset=utf-8'),
  );
  const faviconPath = (light: string) => `/assets/favicon-${light}.svg`;
  const favicons = LIGHTS.map((light) => ({
    path: faviconPath(light),
    type: 'image/svg+xml',
    text: favicon(light).text,
    immutable: false,
  }));
  return {
    files: [style, ...scripts, ...favicons],
    assets: {
      stylePath: style.path,
      scriptPaths: scripts.map(({ path }) => path),
      timesPath: scripts[0]?.path ?? '',
      stripsPath: scripts[1]?.path ?? '',
      build: hash([style, ...scripts].map(({ path }) => path).join()),
      faviconPath,
    },
  };
}

function publicFile(name: string, type: string): Asset {
  // Browsers need no indentation and no comments, and the first view has to stay small.
  const source = readFileSync(new URL(name, PUBLIC_DIR), 'utf8').replace(/^\s+/gm, '');
  const text = name.endsWith('.css')
    ? source.replace(/\/\*[\s\S]*?\*\/\s*/g, '').replace(/(?<=[{},;])\n|(?<=:) /g, '')
    : source.replace(/^(?:\/\/|\/\*\*) .*\n/gm, '');
  return { path: `/assets/${name.replace('.', `-${hash(text)}.`)}`, type, text, immutable: true };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
