import { readFile, writeFile } from 'node:fs/promises';
import { MEASUREMENTS } from '@podips/simulation/options';
import type { Figure } from './measurement.js';
import { explainFigures, toCells } from './report.js';
import type { MeasurementName } from './settings.js';

const RESULTS = new URL('../RESULTS.md', import.meta.url);
const HEADING = `# Results of the benchmark

Written by \`pnpm bench\`: a run that is not quick replaces the section of each measurement that it has made. Only figures
of an idle machine can be compared, so each section says how busy it was.
`;

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
  return [HEADING, ...MEASUREMENTS.flatMap((name) => sections.get(name) ?? [])].join('\n');
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
  return new Map(sections.map((section) => [/^## (.*)/.exec(section)?.[1] ?? '', `${section.trimEnd()}\n`]));
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
    const [title, value, unit, expected, met] = toCells(figure, true);
    return `| ${title} | ${value} ${unit} | ${expected} | ${met} |`;
  });
  return [
    `## ${name}`,
    '',
    `${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${commit}, in ${Math.round(seconds)} s. ${machine}.`,
    `Load average ${before} before, ${after} at the end.`,
    '',
    '| figure | value | expected | met |',
    '|---|---:|---:|---|',
    ...rows,
    '',
    ...explainFigures(own).map((line) => `- ${line}`),
    '',
  ].join('\n');
}
