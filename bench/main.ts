import { answerQuestions, SettingsError } from '@podips/shared';
import { benchAbout } from './options.mjs';
import { runBench } from './run.js';
import { readBenchSettings } from './settings.js';

const args = process.argv.slice(2);
answerQuestions(benchAbout, args);
const stopping = new AbortController();
const stop = () => stopping.abort(new Error('stopped'));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
let met = false;
try {
  const settings = readBenchSettings(args);
  met = await runBench(settings, stopping.signal, (text) => console.log(text));
} catch (err) {
  console.error(err instanceof SettingsError ? err.message : stopping.signal.aborted ? String(err) : err);
}
// Not left to the end of the event loop: the library that runs PostgreSQL hooks into it, and would exit with 0.
process.exit(met ? 0 : 1);
