import { runProgram } from '@podips/shared';
import { readWriterSettings } from './settings.js';
import { startWriter } from './writer.js';

await runProgram({
  name: 'writer',
  settings: () => readWriterSettings(process.env),
  start: startWriter,
});
