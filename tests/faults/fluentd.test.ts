import { itEndures } from './describe-faults.js';
import { FLUENTD_FAULTS } from './fluentd.js';

itEndures(FLUENTD_FAULTS);
