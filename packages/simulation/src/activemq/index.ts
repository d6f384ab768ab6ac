export { type ActiveMq, startActiveMq } from './activemq.js';
export { canConnect } from './tcp.js';
