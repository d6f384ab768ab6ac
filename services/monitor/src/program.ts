import { runProgram } from '@podips/shared';
import { runTestAlert } from './alerts/test-alert.js';
import { startMonitor } from './monitor.js';
import { monitorAbout, readProgramSettings } from './settings.js';

await runProgram({
  about: monitorAbout,
  settings: readProgramSettings,
  start: (settings, log) => (settings.testAlert ? runTestAlert(settings, log) : startMonitor(settings, log)),
});
