import { itEndures } from './describe-faults.js';
import { PROCESS_FAULTS } from './processes.js';

itEndures(PROCESS_FAULTS);
