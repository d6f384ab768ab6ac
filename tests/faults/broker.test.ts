import { BROKER_FAULTS, FROZEN_FOR_A_MINUTE, LOGIN_REFUSED } from './broker.js';
import { itEndures } from './describe-faults.js';

itEndures([...BROKER_FAULTS, LOGIN_REFUSED, FROZEN_FOR_A_MINUTE]);
