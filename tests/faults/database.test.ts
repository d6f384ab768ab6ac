import { DATABASE_FAULTS } from './database.js';
import { itEndures } from './describe-faults.js';

// A bound that is reached within seconds when neither broker nor database takes messages.
itEndures(DATABASE_FAULTS, { env: { reader: { READER_BUFFER_MESSAGES: '100' } } });
