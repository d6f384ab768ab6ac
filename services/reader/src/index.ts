export * from './reader.js';
export * from './settings.js';
