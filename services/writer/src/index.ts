export * from './settings.js';
export * from './writer.js';
