import { expect, test } from 'vitest';
import { SLOT_MS } from '../../flow/series.js';
import { AT_MS, flowView, statusView } from '../../view/status-view.test.helpers.js';
import { dashboardPage } from '../dashboard-page.js';
import { flow, flowGraph } from './flow.js';
import { dashboardParts } from './parts.js';

test.each([
  [0, '0 a second'],
  [0.003, 'less than 0.1 a second'],
  [0.1, '0.1 a second'],
  [4.94, '4.9 a second'],
  [1_234, '1,234 a second'],
])('%d messages a second are said as %s, now and of the busiest five minutes', (perSecond, words) => {
  const slot = {
    atMs: AT_MS,
    published: 0,
    written: Math.ceil((perSecond * SLOT_MS) / 1_000),
    lagMs: null,
    waiting: 0,
  };
  const view = flowView({ writtenPerSecond: perSecond, series: [slot] });
  expect(flow(view, 'green').text).toContain(`<dd>${words}</dd>`);
  expect(flowGraph(view).text).toContain(`, ${words} at most`);
});

test('before the first report the page has places for the parts that an open page gets with it', () => {
  const lights = ['green', 'green', 'green', 'green'] as const;
  const [before, after] = [statusView(lights), statusView(lights, { flow: flowView() })];
  const assets = {
    ...{ stylePath: '', scriptPaths: [], timesPath: '', stripsPath: '', build: '' },
    faviconPath: () => '',
  };
  const page = dashboardPage(before, assets).text;
  expect(page).toContain('No report yet.');
  for (const id of dashboardParts(after).keys()) expect(page).toContain(`data-part="${id}"`);
});
