import { itEndures } from './describe-faults.js';
import { CLOCK_FAULTS, DISK_FULL, MONITOR_FAULTS } from './surroundings.js';

itEndures([...MONITOR_FAULTS, DISK_FULL, ...CLOCK_FAULTS], { clockJumps: true });
