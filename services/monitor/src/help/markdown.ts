import MarkdownIt from 'markdown-it';

/** A document as markup. */
export interface RenderedDocument {
  /** Its first heading. */
  readonly title: string;
  /** Safe to send: HTML in the source is escaped. */
  readonly markup: string;
  /** The anchors of its headings. */
  readonly anchors: readonly string[];
}

/**
 * Renders a document of this repository. Links between documents lead to their pages; what else is in the repository is no
 * link, because it is not served.
 * @param pages the documents that have a page, without `.md`
 */
export function renderMarkdown(source: string, pages: readonly string[]): RenderedDocument {
  const markdown = new MarkdownIt({ html: false });
  const tokens = markdown.parse(source, {});
  const anchors: string[] = [];
  let title = '';
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const text = tokens[index + 1]?.content ?? '';
      if (title === '') title = text;
      const anchor = uniqueAnchor(text, anchors);
      anchors.push(anchor);
      token.attrSet('id', anchor);
    }
    if (token.type === 'table_open') labelCells(tokens.slice(index));
    if (token.children !== null) token.children = withPageLinks(token.children, pages);
  }
  const { rules } = markdown.renderer;
  // Scrolled by the keyboard as well.
  rules.fence = (all, index) =>
    `<pre tabindex="0"><code>${markdown.utils.escapeHtml(all[index]?.content ?? '')}</code></pre>\n`;
  rules.table_open = () => '<div class="wide" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
  rules.image = (all, index) => markdown.utils.escapeHtml(all[index]?.content ?? '');
  return { title, markup: markdown.renderer.render(tokens, markdown.options, {}), anchors };
}

/** On a narrow screen a row is a list of cells, each with the heading of its column. @param table its tokens, and what follows */
function labelCells(table: Tokens): void {
  const headings: string[] = [];
  let column = 0;
  for (const [index, { type }] of table.entries()) {
    if (type === 'table_close') return;
    if (type === 'th_open') headings.push((table[index + 1]?.content ?? '').replace(/[`*]/g, ''));
    if (type === 'tr_open') column = 0;
    if (type !== 'td_open') continue;
    const heading = headings[column] ?? '';
    if (heading !== '') table[index]?.attrSet('data-label', heading);
    column += 1;
  }
}

type Tokens = ReturnType<InstanceType<typeof MarkdownIt>['parse']>;

function withPageLinks(tokens: Tokens, pages: readonly string[]): Tokens {
  const kept: Tokens = [];
  const open: boolean[] = [];
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const href = pageLink(String(token.attrGet('href') ?? ''), pages);
      open.push(href !== undefined);
      if (href === undefined) continue;
      token.attrSet('href', href);
    } else if (token.type === 'link_close' && open.pop() === false) continue;
    kept.push(token);
  }
  return kept;
}

/** Where a link leads on the monitor; undefined: nowhere. */
function pageLink(href: string, pages: readonly string[]): string | undefined {
  if (/^(https?:|#)/.test(href)) return href;
  const [, page = '', anchor = ''] = /^([a-z-]+)\.md(#.*)?$/.exec(href) ?? [];
  return pages.includes(page) ? `/help/${page}${anchor}` : undefined;
}

/** The anchor that GitHub gives a heading. */
function uniqueAnchor(heading: string, taken: readonly string[]): string {
  const anchor = heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
  const same = taken.filter((one) => one === anchor || one.replace(/-\d+$/, '') === anchor).length;
  return same === 0 ? anchor : `${anchor}-${same}`;
}
