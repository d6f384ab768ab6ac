import { isDeepStrictEqual } from 'node:util';
import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { Entry, Phase } from './entry.js';

/** About what no alerts are sent now. */
export interface Muting {
  readonly lights: ReadonlySet<LightId>;
  /** A maintenance of everything also mutes alerts about workloads. */
  readonly workloads: boolean;
}

export const NOTHING_MUTED: Muting = { lights: new Set(), workloads: false };

/** An entry begins with its first moment, and is over at its last. */
export function phaseOf({ fromMs = -Infinity, toMs = Infinity }: Entry, nowMs: number): Phase {
  if (nowMs < fromMs) return 'planned';
  return nowMs < toMs ? 'now' : 'over';
}

/** About what no alerts are sent, because of the maintenance of that moment. */
export function mutingAt(entries: readonly Entry[], nowMs: number): Muting {
  const windows = windowsAt(entries, nowMs);
  if (windows.length === 0) return NOTHING_MUTED;
  return {
    lights: new Set(windows.flatMap(({ lights = LIGHT_IDS }) => lights)),
    workloads: windows.some(({ lights }) => lights === undefined),
  };
}

/** The maintenance of that moment of one light, the one that ends last. */
export function maintenanceOf(entries: readonly Entry[], light: LightId, nowMs: number): Entry | undefined {
  return windowsAt(entries, nowMs)
    .filter(({ lights = LIGHT_IDS }) => lights.includes(light))
    .sort((a, b) => (b.toMs ?? 0) - (a.toMs ?? 0))[0];
}

/** When the next entry begins or ends; undefined: none does. */
export function nextChangeMs(entries: readonly Entry[], nowMs: number): number | undefined {
  const later = entries
    .flatMap(({ fromMs, toMs }) => [fromMs, toMs])
    .filter((ms) => ms !== undefined)
    .filter((ms) => ms > nowMs);
  return later.length === 0 ? undefined : Math.min(...later);
}

/** When alerts about other lights, or about none, are muted than now; undefined: never, as far as is planned. */
export function nextMutingChangeMs(entries: readonly Entry[], nowMs: number): number | undefined {
  const now = mutingAt(entries, nowMs);
  return entries
    .flatMap(({ fromMs = nowMs, toMs = nowMs }) => [fromMs, toMs])
    .filter((ms) => ms > nowMs && !isDeepStrictEqual(mutingAt(entries, ms), now))
    .sort((a, b) => a - b)[0];
}

function windowsAt(entries: readonly Entry[], nowMs: number): Entry[] {
  return entries.filter((entry) => entry.kind === 'maintenance' && phaseOf(entry, nowMs) === 'now');
}
