import { runProgram } from '@podips/shared';
import { startLocalRun } from './local-run.js';
import { readLocalSettings } from './settings.js';

await runProgram({
  name: 'podips',
  settings: () => readLocalSettings(process.argv.slice(2)),
  start: (settings) => startLocalRun({ ...settings, print: (line) => console.log(line) }),
  stopDeadlineMs: 6_000,
});
