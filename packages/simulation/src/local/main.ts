import { runProgram } from '@podips/shared';
import { startLocalRun } from './local-run.js';
import { readLocalSettings } from './settings.js';

// Nobody reads what we print any more, as after `npm start | head`: stop in order. A second signal would cut that short.
process.stdout.once('error', () => process.kill(process.pid, 'SIGTERM'));
process.stdout.on('error', () => undefined);

await runProgram({
  name: 'podips',
  settings: () => readLocalSettings(process.argv.slice(2)),
  start: (settings) => startLocalRun({ ...settings, print: (line) => console.log(line) }),
  stopDeadlineMs: 6_000,
});
