import { type Html, type HtmlValue, html } from './html.js';

export interface LayoutOptions {
  readonly title: string;
  readonly stylePath: string;
  readonly content: HtmlValue;
  /** The page loads itself again after this many seconds. */
  readonly refreshSeconds?: number;
}

/** A whole page. */
export function layout({ title, stylePath, content, refreshSeconds }: LayoutOptions): Html {
  const refresh =
    refreshSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refresh}
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<header class="top">
<a class="name" href="/">podips monitor</a>
<nav><a href="/">Dashboard</a> <a href="/api">API</a></nav>
</header>
<main>
${content}
</main>
</body>
</html>
`;
}
