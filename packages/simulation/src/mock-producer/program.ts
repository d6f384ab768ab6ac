import { runProgram } from '@podips/shared';
import { readMockProducerSettings } from '../mock-settings.js';
import { startMockProducer } from './mock-producer.js';

await runProgram({
  name: 'mock-producer',
  settings: readMockProducerSettings,
  start: async (settings, log) => startMockProducer(settings, log),
});
