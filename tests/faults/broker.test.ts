import { BROKER_FAULTS, LOGIN_REFUSED } from './broker.js';
import { itEndures } from './describe-faults.js';

itEndures([...BROKER_FAULTS, LOGIN_REFUSED]);
