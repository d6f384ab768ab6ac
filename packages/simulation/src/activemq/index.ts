export { type ActiveMq, type ActiveMqOptions, startActiveMq } from './activemq.js';
