import { runProgram } from '@podips/shared';
import { mockProducerAbout, readMockProducerSettings } from '../mock-settings.js';
import { startMockProducer } from './mock-producer.js';

await runProgram({
  about: mockProducerAbout,
  settings: readMockProducerSettings,
  start: async (settings, log) => startMockProducer(settings, log),
});
