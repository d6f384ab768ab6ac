export { type RabbitMq, type RabbitMqOptions, startRabbitMq } from './rabbitmq.js';
