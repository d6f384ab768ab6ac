import { runProgram } from '@podips/shared';
import { startReader } from './reader.js';
import { readSchemaCommand, runSchemaCommand } from './schema-command.js';
import { readerAbout, readReaderSettings } from './settings.js';

const args = process.argv.slice(2);

await runProgram({
  about: readerAbout,
  settings: () => readSchemaCommand(args, process.env) ?? readReaderSettings(args, process.env),
  start: (settings, log) =>
    'command' in settings ? runSchemaCommand(settings, log) : startReader(settings, log),
});
