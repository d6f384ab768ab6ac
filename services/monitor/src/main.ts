import { runProgram } from '@podips/shared';
import { startMonitor } from './monitor.js';
import { readMonitorSettings } from './settings.js';

await runProgram({ name: 'monitor', settings: readMonitorSettings, start: startMonitor });
