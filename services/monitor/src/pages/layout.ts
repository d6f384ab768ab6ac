import type { Light } from '../status/lights.js';
import { visibleText } from '../words/format.js';
import { type Html, type HtmlValue, html } from './html.js';

/** Where the page finds what it loads. */
export interface Assets {
  readonly stylePath: string;
  readonly scriptPaths: readonly string[];
  /** The script of local times alone. */
  readonly timesPath: string;
  /** The script of strips alone. */
  readonly stripsPath: string;
  /** Changes with any of the files. */
  readonly build: string;
  readonly faviconPath: (light: Light) => string;
}

export interface LayoutOptions {
  readonly title: string;
  /** The icon of the tab. */
  readonly light: Light;
  readonly assets: Assets;
  readonly content: HtmlValue;
  readonly footer?: HtmlValue;
  /** Which of the pages this is. */
  readonly current: string;
  readonly cluster?: string;
  /** Whether there is a ledger, and so pages for it and for workloads. */
  readonly hasLedger: boolean;
  /** The scripts of a page that is not live. */
  readonly scriptPaths?: readonly string[];
  /** The page is live: updated by its script, or reloaded without one. */
  readonly live?: { readonly nowMs: number; readonly refreshSeconds: number };
}

const STATUS = { path: '/', name: 'Status' };
const INCIDENTS = { path: '/incidents', name: 'Incidents' };
const WORKLOADS = { path: '/workloads', name: 'Workloads' };
const LEDGER = { path: '/leases', name: 'Ledger' };
const API = { path: '/api', name: 'API' };
const HELP = { path: '/help', name: 'Help' };

/** A whole page. */
export function layout(options: LayoutOptions): Html {
  const { title, light, assets, content, footer, current, cluster, live, scriptPaths = [] } = options;
  const pages = options.hasLedger
    ? [STATUS, INCIDENTS, WORKLOADS, LEDGER, API, HELP]
    : [STATUS, INCIDENTS, API, HELP];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${assets.faviconPath(light)}">
<link rel="alternate" type="application/atom+xml" title="Incidents and announcements" href="/feed.atom">
<link rel="stylesheet" href="${assets.stylePath}">
${live === undefined ? scripts(scriptPaths) : liveHead(live.refreshSeconds, assets.scriptPaths)}
</head>
<body${live === undefined ? undefined : html` data-now="${live.nowMs}" data-build="${assets.build}"`}>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">
<a class="name" href="/">podips monitor</a>${cluster === undefined ? undefined : html`<span class="cluster">${visibleText(cluster)}</span>`}
<nav aria-label="Pages">${pages.map(({ path, name }) => html`<a href="${path}"${path === current ? html` aria-current="page"` : undefined}>${name}</a>`)}</nav>
</header>
<main id="content" tabindex="-1">
${content}
</main>
<footer>${footer}</footer>
</body>
</html>
`;
}

function liveHead(refreshSeconds: number, scriptPaths: readonly string[]): Html {
  return html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>
${scripts(scriptPaths)}`;
}

function scripts(paths: readonly string[]): Html {
  return html`${paths.map((path) => html`<script type="module" src="${path}"></script>`)}`;
}
