import { detectFormat } from './formats/detect.js';
import type { FormatOptions, LineFormat } from './formats/format.js';
import type { Line } from './input/lines.js';
import { AnnotateError } from './problem.js';

const SAMPLE_CHARS = 131_072;
const BOM = '\xef\xbb\xbf';

/** What an input begins with. */
export interface Sample {
  /** The mark of UTF-8 that the input begins with; none of the lines has it. */
  readonly bom: string;
  readonly lines: readonly Line[];
  readonly format: LineFormat;
  /** It is all that has come for a while. */
  readonly isIdle: boolean;
}

/**
 * Reads until the format can be told: from the first 128 KiB, all of the input, or what came before a pause.
 * @returns undefined when there is nothing
 */
export async function takeSample(
  chunks: AsyncGenerator<Line[] | 'idle'>,
  options: FormatOptions,
): Promise<Sample | undefined> {
  const lines: Line[] = [];
  let chars = 0;
  let bom = '';
  while (chars < SAMPLE_CHARS) {
    const { done, value } = await chunks.next();
    if (done) break;
    if (value === 'idle') {
      const format = detectEarly(lines, options);
      if (format !== undefined) return { bom, lines, format, isIdle: true };
      continue;
    }
    const [first] = value;
    if (chars === 0 && first?.text.startsWith(BOM)) {
      bom = BOM;
      value[0] = { ...first, text: first.text.slice(BOM.length) };
    }
    lines.push(...value);
    for (const { text, end } of value) chars += text.length + end.length;
  }
  return lines.length === 0
    ? undefined
    : { bom, lines, format: detectFormat(textOf(lines), options), isIdle: false };
}

function detectEarly(lines: readonly Line[], options: FormatOptions): LineFormat | undefined {
  try {
    return detectFormat(textOf(lines), options);
  } catch (err) {
    if (err instanceof AnnotateError) return undefined;
    throw err;
  }
}

/** The lines that are whole. */
function textOf(lines: readonly Line[]): string {
  const whole = lines.filter(({ part }) => part === undefined);
  return whole.map(({ text, end }) => `${text}${end}`).join('');
}
