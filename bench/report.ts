import { type Expectation, type Figure, isMet } from './measurement.js';

const HEADINGS = ['figure', 'value', 'unit', 'range', 'expected', 'met'] as const;
const SMALL = 10;

/** A table of the figures for the terminal, and below it what they mean. @param judged whether to show which are met */
export function formatFigures(figures: readonly Figure[], judged: boolean): string {
  const rows = [HEADINGS, ...figures.map((figure) => toCells(figure, judged))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => formatRow(row, widths));
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return [...lines, '', ...explainFigures(figures)].join('\n');
}

/** The cells of a figure, in the order of the headings. */
export function toCells(figure: Figure, judged: boolean): readonly string[] {
  const { name, value, unit, range, expectation } = figure;
  const met = judged ? isMet(figure) : undefined;
  const verdict = met === undefined ? '' : met ? 'yes' : 'NO';
  const spread = range === undefined ? '' : range.map(formatNumber).join(' to ');
  return [name, formatNumber(value), unit, spread, formatExpectation(expectation), verdict];
}

/** A line for each meaning. Of figures that share one, it names what their names end with alike. */
export function explainFigures(figures: readonly Figure[]): string[] {
  const alike = Map.groupBy(figures, ({ name, meaning }) => `${measurementOf(name)}\n${meaning}`);
  return [...alike.values()].map(([first, ...others]) => {
    const names = [first, ...others].map((figure) => figure?.name.replace(/^\w+: /, '') ?? '');
    const title = commonEnd(names.map((name) => name.split(', '))).join(', ');
    return `${measurementOf(first?.name ?? '')}${title}: ${first?.meaning}`;
  });
}

/** @returns for example `scale: `; empty where the figures are those of one measurement */
function measurementOf(name: string): string {
  return /^\w+: /.exec(name)?.[0] ?? '';
}

/** @returns at least the last part of the first name */
function commonEnd([first = [], ...others]: readonly (readonly string[])[]): readonly string[] {
  const isCommon = (parts: number) =>
    others.every((other) => other.slice(-parts).join(', ') === first.slice(-parts).join(', '));
  let parts = first.length;
  while (parts > 1 && !isCommon(parts)) parts -= 1;
  return first.slice(-parts);
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, column) =>
    column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
  );
  return cells.join('  ').trimEnd();
}

function formatExpectation(expectation: Expectation | undefined): string {
  if (expectation === undefined) return '';
  return 'below' in expectation
    ? `< ${formatNumber(expectation.below)}`
    : `>= ${formatNumber(expectation.atLeast)}`;
}

/** Whole numbers; one decimal for small ones, two below one. */
function formatNumber(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= SMALL ? 0 : Math.abs(value) < 1 ? 2 : 1;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
