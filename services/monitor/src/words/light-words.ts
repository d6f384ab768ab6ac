import type { Light } from '../status/lights.js';
import type { LightId } from '../status/statuses.js';

/** The word for each light; the strip also knows times in which no monitor was running. */
export const LIGHT_WORDS: Readonly<Record<Light | 'unknown', string>> = {
  green: 'working',
  yellow: 'silent',
  red: 'failing',
  grey: 'not known yet',
  unknown: 'not known',
};

/** The word for the light of something: no ledger is silent, it is behind. */
export function wordOf(id: LightId, light: Light): string {
  if (id !== 'ledger') return LIGHT_WORDS[light];
  return { ...LIGHT_WORDS, yellow: 'behind' }[light];
}
