export { type Instant, parseInstant, parseInstantAs } from './time/instant.js';
export { parseZone, UTC, type Zone } from './time/zone.js';
