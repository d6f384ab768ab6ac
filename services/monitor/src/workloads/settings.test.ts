import { expect, it } from 'vitest';
import { readMonitorSettings } from '../settings.js';
import { workload } from './book.test.helpers.js';
import { isMuted } from './settings.js';

it('the limits can be set, and which workloads make no alerts', () => {
  const { unstable } = readMonitorSettings({
    UNSTABLE_REPLACED_PER_HOUR: '7',
    UNSTABLE_TIMES_USUAL: '2',
    UNSTABLE_RESTARTS_PER_HOUR: '10',
    UNSTABLE_LOOP_QUARTERS: '0',
    ALERT_WORKLOADS_MUTED: 'shop/import-*, ci/*, *.x/a',
  });
  expect(unstable.limits).toEqual({
    replacedPerHour: 7,
    timesUsual: 2,
    restartsPerHour: 10,
    loopQuarters: 0,
  });
  const muted = ['import-a', 'import', 'web'].filter((name) => isMuted(unstable, workload(name)));
  expect(muted).toEqual(['import-a']);
  expect(isMuted(unstable, { ...workload('any'), namespace: 'ci' })).toBe(true);
  expect(isMuted(unstable, { ...workload('a'), namespace: 'aax' })).toBe(false);
});

it('all alerts about workloads can be switched off', () => {
  const { unstable } = readMonitorSettings({ ALERT_WORKLOADS: 'false' });
  expect(isMuted(unstable, workload())).toBe(true);
});

it('a pattern without a namespace is an error that says what is right', () => {
  expect(() => readMonitorSettings({ ALERT_WORKLOADS_MUTED: 'shop/web,web' })).toThrow(
    'ALERT_WORKLOADS_MUTED must be namespace/name patterns separated by commas, such as shop/web or ci/*, but has "web"',
  );
});
