import type { Light } from '../status/lights.js';

/** The word for each light; the strip also knows times in which no monitor was running. */
export const LIGHT_WORDS: Readonly<Record<Light | 'unknown', string>> = {
  green: 'working',
  yellow: 'silent',
  red: 'failing',
  grey: 'never reported',
  unknown: 'not known',
};
