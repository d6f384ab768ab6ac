import { answerQuestions, parseFlags, SettingsError } from '@podips/shared';
import { tortureAbout } from '@podips/simulation/options';
import { torture } from './run.js';
import { summarize, whatIsWrong } from './summary.js';

const args = process.argv.slice(2);
answerQuestions(tortureAbout, args);
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

try {
  const verdict = await torture({
    ...parseFlags(args, tortureAbout.flags),
    print: (line) => console.log(line),
    signal: stopping.signal,
  });
  for (const line of summarize(verdict)) console.log(line);
  process.exit(whatIsWrong(verdict).length === 0 ? 0 : 1);
} catch (err) {
  console.error(err instanceof SettingsError ? err.message : err);
  process.exit(1);
}
