import { ExitError, runProgram } from '@podips/shared';
import { localAbout } from '../../options.mjs';
import { PostgresError } from '../postgres.js';
import { startLocalRun } from './local-run.js';
import { readLocalSettings } from './settings.js';

// The output is not read any more, as after `npm start | head`: stop gracefully.
process.stdout.on('error', () => process.kill(process.pid, 'SIGHUP'));

await runProgram({
  about: localAbout,
  settings: () => readLocalSettings(process.argv.slice(2)),
  start: (settings) =>
    startLocalRun({ ...settings, print: (line) => console.log(line) }).catch((err: unknown) => {
      throw err instanceof PostgresError ? new ExitError(err.message) : err;
    }),
  stopDeadlineMs: 6_000,
});
