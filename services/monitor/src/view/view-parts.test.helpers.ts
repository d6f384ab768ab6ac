import { UPTIME_WINDOWS } from '../history/uptime.js';
import { type Light, worstLight } from '../status/lights.js';
import type { AnnouncementView, StatusView, UptimeView } from './status-view.js';

/** The time of the views of tests. */
export const AT_MS = Date.UTC(2026, 0, 31, 12, 7, 30);
export const NAMES = ['Kubernetes read', 'Queue write', 'Queue read', 'Fluentd write'] as const;
const DAY_MS = 86_400_000;

export const ago = (ms: number) => new Date(AT_MS - ms).toISOString();

/** An uptime with an outage of 40 seconds, known of three weeks. */
export function uptime(light: Light): UptimeView[] {
  const windows = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 } as const;
  return UPTIME_WINDOWS.map((window) => {
    const days = windows[window];
    return {
      window,
      percent: light === 'grey' ? null : window === '24h' ? 99.95 : 99.99,
      greenMs: Math.min(days, 21) * DAY_MS - 40_000,
      yellowMs: 0,
      redMs: 40_000,
      unknownMs: Math.max(0, days - 21) * DAY_MS,
    };
  });
}

export function announcement(
  kind: AnnouncementView['kind'],
  phase: AnnouncementView['phase'],
  fromMs: number | null,
  toMs: number | null,
): AnnouncementView {
  return {
    id: `${kind}-${phase}`,
    kind,
    title:
      kind === 'maintenance'
        ? 'The broker is upgraded'
        : 'The reader of fra1 moves to another node on Friday',
    text: kind === 'maintenance' ? 'Messages wait in the outbox.' : '',
    from: fromMs === null ? null : ago(fromMs),
    to: toMs === null ? null : ago(toMs),
    phase,
    lights: kind === 'maintenance' ? ['queue/write', 'queue/read'] : null,
    updatedAt: ago(200_000_000),
  };
}

export function channel(
  kind: string,
  target: string,
  lastSuccessAt: string | null,
  lastFailureAt: string | null,
  error: string | null,
) {
  return { kind, target, lastSuccessAt, lastFailureAt, error };
}

export function cluster(
  name: string,
  reachable: boolean,
  lights: readonly Light[],
): StatusView['clusters'][number] {
  return {
    name,
    url: `https://podips.${name}.example`,
    reachable,
    lastAnswerAt: ago(reachable ? 3_000 : 754_000),
    light: worstLight(lights),
    headline: lights.includes('red')
      ? 'Fluentd write fails. Look at Fluentd first.'
      : 'All four operations work.',
    error: reachable ? null : 'connection refused',
    operations: lights.map((light, index) => ({ name: NAMES[index] ?? '', light })),
  };
}
