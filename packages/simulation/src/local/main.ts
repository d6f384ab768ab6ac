import { runProgram } from '@podips/shared';
import { startLocalRun } from './local-run.js';
import { readLocalSettings } from './settings.js';

// Nobody reads what we print any more, as after `npm start | head`.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'));

await runProgram({
  name: 'podips',
  settings: () => readLocalSettings(process.argv.slice(2)),
  start: (settings) => startLocalRun({ ...settings, print: (line) => console.log(line) }),
  stopDeadlineMs: 6_000,
});
