import { RABBITMQ } from './conformance/brokers.js';
import { describeConformance } from './conformance/suite.js';

describeConformance(RABBITMQ);
