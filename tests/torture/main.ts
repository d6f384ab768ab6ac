import { parseFlags, SettingsError } from '@podips/shared';
import { torture } from './run.js';
import { summarize, whatIsWrong } from './summary.js';

const USAGE = 'usage: pnpm torture [--minutes N] [--seed N]';

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

try {
  const flags = {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
  } as const;
  const { minutes, seed } = parseFlags(process.argv.slice(2), flags, USAGE);
  const verdict = await torture({
    minutes: positive('minutes', minutes),
    seed: positive('seed', seed),
    print: (line) => console.log(line),
    signal: stopping.signal,
  });
  for (const line of summarize(verdict)) console.log(line);
  process.exit(whatIsWrong(verdict).length === 0 ? 0 : 1);
} catch (err) {
  console.error(err instanceof SettingsError ? err.message : err);
  process.exit(1);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new SettingsError([`--${name} must be a number above 0, but is "${text}"; ${USAGE}`]);
}
