// What a program needs that uses neither queue nor database: the rest of this package would take 13 MB with its libraries.
export * from './about.js';
export * from './errors.js';
export * from './lifecycle.js';
export * from './logger.js';
export * from './settings/index.js';
