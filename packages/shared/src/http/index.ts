export * from './client-address.js';
export * from './client-places.js';
export * from './http-server.js';
export * from './listen.js';
export * from './metrics-text.js';
export * from './networks.js';
export * from './ops-server.js';
export { clientOf, plainAddress } from './plain-address.js';
export * from './requests.js';
