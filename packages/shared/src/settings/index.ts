export * from './common-settings.js';
export { type ConfigFile, FILE_SETTINGS } from './config-files.js';
export * from './database-settings.js';
export * from './queue-settings.js';
export * from './read-settings.js';
export * from './server-list.js';
export * from './tls-settings.js';
export { baseUrl, bool, integer, parseBool, port } from './validators.js';
