import { runProgram } from '@podips/shared';
import { readMockSettings } from '../mock-settings.js';
import { startMockConsumer } from './mock-consumer.js';

await runProgram({
  name: 'mock-consumer',
  settings: readMockSettings,
  start: async (settings, log) => startMockConsumer(settings, log),
});
