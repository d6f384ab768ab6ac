import { runProgram } from '@podips/shared';
import { startCronjob } from './cronjob.js';
import { readCronjobSettings } from './settings.js';

await runProgram({ name: 'cronjob', settings: readCronjobSettings, start: startCronjob });
