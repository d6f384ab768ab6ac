export { type ActiveMq, startActiveMq } from './activemq.js';
