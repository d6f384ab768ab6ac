import { DateTime } from 'luxon';
import { AnnotateError } from '../problem.js';
import type { Instant } from './instant.js';
import { parseFormat } from './parse-format.js';
import type { Zone } from './zone.js';

/** Text between quotes is no token. */
const LITERAL = /'[^']*'/g;
const TOKEN = /([a-zA-Z])\1*/g;
/** From the finest: a time is as exact as that. Luxon puts today, this year or zero for what is missing. */
const UNITS = [
  { name: 'millisecond', tokens: /^(S|SSS|u)$/ },
  { name: 'second', tokens: /^ss?$/ },
  { name: 'minute', tokens: /^mm?$/ },
  { name: 'hour', tokens: /^(HH?|hh?)$/ },
  { name: 'day', tokens: /^dd?$/ },
  { name: 'month', tokens: /^(M{1,4}|L{1,4})$/ },
  { name: 'year', tokens: /^y{1,6}$/ },
] as const;

/**
 * Reads times in one notation, that of Luxon: `dd/MM/yyyy HH:mm:ss`.
 * @param zone of times that name none
 * @throws {AnnotateError} when a time in it is not known to the day, or lacks a unit between the day and its finest one
 */
export function createFormatReader(format: string, zone: Zone): (text: string) => Instant | undefined {
  const tokens = tokensOf(format);
  const units = UNITS.map(({ name, tokens: ofUnit }) => ({
    name,
    isThere: tokens.some((each) => ofUnit.test(each)),
  }));
  const [finest, ...coarser] = units.slice(units.findIndex(({ isThere }) => isThere));
  const missing = [...coarser, ...units.slice(-3)].find(({ isThere }) => !isThere);
  if (finest === undefined || missing !== undefined)
    throw wrong(format, `has no ${missing?.name ?? 'tokens'}`);
  if (tokens.some((each) => /^hh?$/.test(each)) && !tokens.includes('a'))
    throw wrong(format, 'has an hour of twelve without "a" for AM and PM');
  const namesZone = tokens.some((each) => /^(z|Z+)$/.test(each));
  return (text) => {
    const time = parseFormat(text.trim(), format, { zone }, namesZone);
    return (
      time && {
        ms: time.toMillis(),
        precisionMs: time.plus({ [finest.name]: 1 }).toMillis() - time.toMillis(),
      }
    );
  };
}

/** A macro such as `f` stands for several tokens. */
function tokensOf(format: string): string[] {
  const expanded = DateTime.expandFormat(format.replace(LITERAL, ' '), { locale: 'en-US' });
  return expanded.replace(LITERAL, ' ').match(TOKEN) ?? [];
}

function wrong(format: string, problem: string): AnnotateError {
  const text = JSON.stringify(format);
  return new AnnotateError(
    'input',
    `the format of the time, ${text}, ${problem}; it needs year, month and day, and hour and minute before finer units, as "dd/MM/yyyy HH:mm:ss"`,
  );
}
