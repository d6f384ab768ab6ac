import { runProgram } from '@podips/shared';
import { readWriterSettings, writerAbout } from './settings.js';
import { startWriter } from './writer.js';

await runProgram({
  about: writerAbout,
  settings: () => readWriterSettings(process.env, process.argv.slice(2)),
  start: startWriter,
});
