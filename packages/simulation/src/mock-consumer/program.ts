import { runProgram } from '@podips/shared';
import { mockConsumerAbout, readMockSettings } from '../mock-settings.js';
import { startMockConsumer } from './mock-consumer.js';

await runProgram({
  about: mockConsumerAbout,
  settings: readMockSettings,
  start: async (settings, log) => startMockConsumer(settings, log),
});
