import { visibleText } from '../words/format.js';

const MAX_CHARS = 300;

/** Text from a request as one line: invisible characters and line ends become their code points. */
export function oneLine(text: string): string {
  const visible = visibleText(text.toWellFormed()).replace(
    /[\t\n\r]/g,
    (char) => `‹U+000${char.charCodeAt(0).toString(16).toUpperCase()}›`,
  );
  const chars = [...visible];
  return chars.length > MAX_CHARS ? `${chars.slice(0, MAX_CHARS - 1).join('')}…` : visible;
}
