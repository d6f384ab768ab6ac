import { runProgram } from '@podips/shared/program';
import { startCronjob } from './cronjob.js';
import { cronjobAbout, readCronjobSettings } from './settings.js';

await runProgram({ about: cronjobAbout, settings: readCronjobSettings, start: startCronjob });
