import { ARTEMIS_STAND_IN } from './conformance/brokers.js';
import { describeConformance } from './conformance/suite.js';

describeConformance(ARTEMIS_STAND_IN);
