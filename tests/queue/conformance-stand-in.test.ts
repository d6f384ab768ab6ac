import { ACTIVEMQ_STAND_IN } from './conformance/brokers.js';
import { describeConformance } from './conformance/suite.js';

describeConformance(ACTIVEMQ_STAND_IN);
