import { runProgram } from '@podips/shared';
import { PostgresError } from '../postgres.js';
import { startLocalRun } from './local-run.js';
import { readLocalSettings, USAGE } from './settings.js';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}

// The output is not read any more, as after `npm start | head`: stop gracefully.
process.stdout.on('error', () => process.kill(process.pid, 'SIGHUP'));

await runProgram({
  name: 'podips',
  settings: () => readLocalSettings(args),
  start: (settings) =>
    startLocalRun({ ...settings, print: (line) => console.log(line) }).catch((err: unknown) => {
      if (!(err instanceof PostgresError)) throw err;
      console.error(`podips: ${err.message}`);
      process.exit(1);
    }),
  stopDeadlineMs: 6_000,
});
