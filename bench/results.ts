import { readFile, writeFile } from 'node:fs/promises';
import type { Figure } from './measurement.js';
import { benchAbout } from './options.mjs';
import { explainFigures, toCells } from './report.js';
import type { MeasurementName } from './settings.js';

const RESULTS = new URL('../RESULTS.md', import.meta.url);
const HEADING = `# Results of the benchmark

Written by \`pnpm bench\`: a run that is not quick replaces the section of each measurement that it has made. Only figures
of an idle machine can be compared, so each section says how busy it was.
`;

/** Rows of figures with an expectation. */
const MISSED = /^\| (.*?) \|.*\| NO \|$/gm;
const MET = /\| yes \|$/gm;

/** One measurement, and under which circumstances it was made. */
export interface MeasuredSection {
  readonly name: MeasurementName;
  readonly figures: readonly Figure[];
  readonly startedAt: Date;
  readonly seconds: number;
  readonly commit: string;
  readonly machine: string;
  /** Load averages of a minute before and at the end; the second one is mostly the measurement itself. */
  readonly load: readonly [before: number, after: number];
}

/** Replaces the section of a measurement in bench/RESULTS.md. */
export async function recordSection(section: MeasuredSection): Promise<void> {
  await writeFile(RESULTS, replaceSection(await readResults(), section));
}

/** @returns the document with this section, the others unchanged, all in the order in which the benchmark measures */
export function replaceSection(document: string, section: MeasuredSection): string {
  const sections = splitSections(document).set(section.name, formatSection(section));
  const known = benchAbout.flags.only.choices.flatMap((name) => sections.get(name) ?? []);
  return [HEADING, ...summarize(known), ...known].join('\n');
}

/** How many expectations are met, and which are not. */
function summarize(sections: readonly string[]): string[] {
  const missed = sections.flatMap((section) => {
    const name = nameOf(section);
    return [...section.matchAll(MISSED)].map(([, figure]) => `- [${name}](#${name}): ${figure}`);
  });
  const met = sections.join('').match(MET)?.length ?? 0;
  const count = `${met} of ${met + missed.length} expectations are met`;
  return missed.length === 0 ? [`${count}.\n`] : [`${count}. Not met:\n`, `${missed.join('\n')}\n`];
}

async function readResults(): Promise<string> {
  try {
    return await readFile(RESULTS, 'utf8');
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return '';
    throw err;
  }
}

function splitSections(text: string): Map<string, string> {
  const sections = text.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((section) => [nameOf(section), `${section.trimEnd()}\n`]));
}

function nameOf(section: string): string {
  return /^## (.*)/.exec(section)?.[1] ?? '';
}

function formatSection({
  name,
  figures,
  startedAt,
  seconds,
  commit,
  machine,
  load,
}: MeasuredSection): string {
  const own = figures.map((figure) => ({ ...figure, name: figure.name.replace(`${name}: `, '') }));
  const [before, after] = load.map((value) => value.toFixed(1));
  const rows = own.map((figure) => {
    const [title, value, unit, range, expected, met] = toCells(figure, true);
    return `| ${title} | ${value} ${unit} | ${range} | ${expected} | ${met} |`;
  });
  return [
    `## ${name}`,
    '',
    `${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit}, in ${Math.round(seconds)} s. ${machine}.`,
    `Load average ${before} before, ${after} at the end.`,
    '',
    '| figure | value | range | expected | met |',
    '|---|---:|---:|---:|---|',
    ...rows,
    '',
    ...explainFigures(own).map((line) => `- ${line}`),
    '',
  ].join('\n');
}
