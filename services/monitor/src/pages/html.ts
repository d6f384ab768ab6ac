/** Markup that is safe to send; only {@link html} makes it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text is escaped, markup is not, and undefined leaves nothing. */
export type HtmlValue = string | number | undefined | Html | readonly Html[];

/**
 * Tagged template that escapes every value which is not markup itself. Values may stand between tags and inside
 * quoted attributes, but not in tag names, in unquoted attributes, or as the whole of a URL that others choose.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map((string, index) => string + render(values[index]));
  return new Html(parts.join(''));
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeText(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
