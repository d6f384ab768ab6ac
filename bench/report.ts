import { type Expectation, type Figure, isMet } from './measurement.js';

const HEADINGS = ['figure', 'value', 'unit', 'expected', 'met'] as const;
const SMALL = 10;

/** A table of the figures, and below it a line on the meaning of each. @param judged whether to show which are met */
export function formatFigures(figures: readonly Figure[], judged: boolean): string {
  const rows = [HEADINGS, ...figures.map((figure) => toRow(figure, judged))];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => formatRow(row, widths));
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  const meanings = figures.map(({ name, meaning }) => `${name}: ${meaning}`);
  return [...lines, '', ...meanings].join('\n');
}

function toRow(figure: Figure, judged: boolean): readonly string[] {
  const { name, value, unit, expectation } = figure;
  const met = judged ? isMet(figure) : undefined;
  const verdict = met === undefined ? '' : met ? 'yes' : 'NO';
  return [name, formatNumber(value), unit, formatExpectation(expectation), verdict];
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

/** Whole numbers; one decimal for small ones. */
function formatNumber(value: number): string {
  const digits = value < SMALL && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
