import { FROZEN_FOR_A_MINUTE } from './broker.js';
import { itEndures } from './describe-faults.js';

itEndures([FROZEN_FOR_A_MINUTE]);
