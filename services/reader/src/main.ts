import { runProgram } from '@podips/shared';
import { startReader } from './reader.js';
import { readReaderSettings } from './settings.js';

await runProgram({
  name: 'reader',
  settings: () => readReaderSettings(process.argv.slice(2), process.env),
  start: startReader,
});
