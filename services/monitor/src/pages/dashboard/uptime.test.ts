import { expect, test } from 'vitest';
import type { UptimeView } from '../../view/status-view.js';
import { uptimeLine } from './uptime.js';

const HOUR_MS = 3_600_000;

function uptime(window: UptimeView['window'], hours: number, known: Partial<UptimeView>): UptimeView {
  const amounts = { yellowMs: 0, redMs: 0, unknownMs: 0, ...known };
  const greenMs = hours * HOUR_MS - amounts.yellowMs - amounts.redMs - amounts.unknownMs;
  return { window, percent: 99.99, greenMs, ...amounts };
}

const shown = (...all: UptimeView[]) =>
  [...uptimeLine({ uptime: all }).text.matchAll(/title="(.*?)"><dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(
    ([, ...parts]) => parts,
  );

test('windows with the same figure share a place, with what is known of each', () => {
  expect(
    shown(uptime('24h', 24, { redMs: 5_000 }), uptime('7d', 168, { redMs: 60_000, yellowMs: 1_000 })),
  ).toEqual([['24 h: failing for 5 s; 7 d: failing for 1 min, silent for 1 s', '24 h, 7 d', '99.99 %']]);
});

test('a window of which a part is not known says so, unless that changes no digit', () => {
  expect(shown(uptime('24h', 24, { unknownMs: 600_000 }), uptime('30d', 720, { unknownMs: 60_000 }))).toEqual(
    [
      ['not known for 10 min', '24 h', '99.99 % of 23 h 50 min'],
      ['not known for 1 min', '30 d', '99.99 %'],
    ],
  );
});
