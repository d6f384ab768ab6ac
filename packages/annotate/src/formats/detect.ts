import { AnnotateError, NoColumnError } from '../problem.js';
import { detectDelimited } from './delimited.js';
import type { FormatName, FormatOptions, LineFormat } from './format.js';
import { detectJsonLines } from './json-lines.js';
import { detectPlain } from './plain.js';
import { detectVpcFlow } from './vpc-flow.js';
import { detectZeek } from './zeek.js';

type Detect = (sample: string, options: FormatOptions) => LineFormat | undefined;

/** In the order in which they are tried. */
const BY_NAME: Readonly<Record<FormatName, Detect>> = {
  zeek: (sample, options) => detectZeek(sample, options) ?? detectJsonLines(sample, options),
  eve: detectJsonLines,
  jsonl: detectJsonLines,
  vpc: detectVpcFlow,
  csv: detectDelimited,
  tsv: detectDelimited,
  plain: detectPlain,
};

/**
 * Finds out how a file is to be read.
 * @param sample its first lines, each whole; its characters are its bytes
 * @throws {AnnotateError} when it is none of the formats, or has no addresses or times; it says what would be right
 */
export function detectFormat(sample: string, options: FormatOptions): LineFormat {
  const { format } = options;
  const tried = format === undefined ? Object.values(BY_NAME) : [BY_NAME[format]];
  for (const detect of tried) {
    const found = format === undefined ? orPlain(detect, sample, options) : detect(sample, options);
    if (found !== undefined) return found;
  }
  throw new AnnotateError('input', `this does not look like ${format}; without --format it is detected`);
}

/** Lines of a log may have as many commas each without being a table. */
function orPlain(detect: Detect, sample: string, options: FormatOptions): LineFormat | undefined {
  try {
    return detect(sample, options);
  } catch (err) {
    if (detect !== detectDelimited || !(err instanceof NoColumnError)) throw err;
    try {
      return detectPlain(sample, options);
    } catch {
      // What is wrong with the table says more.
      throw err;
    }
  }
}
