import { parseFlags, SettingsError } from '@podips/shared';
import { torture } from './run.js';

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
  const { missing, untrue, contradicting, overlapping, ledger, gaps, ...counts } = verdict;
  const dark = Object.entries(verdict.lights).filter(([, light]) => light !== 'green');
  const wrong = [
    ...missing,
    ...untrue,
    ...contradicting,
    ...overlapping,
    ...ledger,
    ...dark.map(([operation, light]) => `the light of ${operation} is ${light}`),
  ];
  for (const gap of gaps)
    console.log(
      `gap: ${gap.reason} from ${gap.started_at?.toISOString() ?? 'ever'} to ${gap.ended_at.toISOString()}`,
    );
  for (const line of wrong) console.log(`wrong: ${line}`);
  console.log(`${JSON.stringify(counts)}`);
  console.log(wrong.length === 0 ? 'nothing lost, nothing untrue' : `${wrong.length} things are wrong`);
  process.exit(wrong.length === 0 ? 0 : 1);
} catch (err) {
  console.error(err instanceof SettingsError ? err.message : err);
  process.exit(1);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new SettingsError([`--${name} must be a number above 0, but is "${text}"; ${USAGE}`]);
}
