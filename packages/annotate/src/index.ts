export { readAddress, refang } from './address.js';
export { type AnnotateOptions, type Annotation, createAnnotation, type Summary } from './annotation.js';
export { FORMAT_NAMES, type FormatName } from './formats/format.js';
export { AnnotateError } from './problem.js';
export { type Instant, parseInstant } from './time/instant.js';
export { parseZone, UTC, type Zone } from './time/zone.js';
export {
  ANSWER_FIELDS,
  type Answer,
  type Ask,
  type NoAnswer,
  type Question,
  VERDICTS,
  type Verdict,
} from './wire.js';
