import { expect, test } from 'vitest';
import { strip as slots } from '../../view/status-view.test.helpers.js';
import { strip } from './strip.js';

/** The bars by light, and the texts for the script. */
const bars = (markup: string) =>
  Object.fromEntries(
    [...markup.matchAll(/<path class="(\w+)" stroke-width="(\d)" d="([^"]+)"/g)].map(
      ([, light, height, d]) => [light, `${height}: ${d}`],
    ),
  );
const said = (markup: string) => /data-runs="([^"]*)"/.exec(markup)?.[1]?.split('\n');

test('slots that say the same are one bar', () => {
  const { text } = strip('Queue read', slots());
  expect(bars(text)).toEqual({ green: '4: M0 6h96' });
  expect(said(text)).toEqual(['0 working']);
  expect(text).toContain('title="Queue read, the last 24 hours: no trouble"');
});

test('trouble has a bar of its own, higher than the rest, with its times, its light and what was said', () => {
  const { text } = strip(
    'Queue read',
    slots({ 40: { light: 'red', message: '500 <gone>' }, 41: { light: 'yellow', message: '' } }),
  );
  expect(bars(text)).toEqual({
    red: '8: M40 4h1',
    yellow: '6: M41 5h1',
    green: '4: M0 6h40M42 6h54',
  });
  expect(said(text)).toEqual(['0 working', '40 failing: 500 &lt;gone&gt;', '41 silent', '42 working']);
  expect(text).toContain('silent 22:30 to 22:45 UTC; failing 22:15 to 22:30 UTC');
});

test('what was said is cut, in one line, and after what is not visible was made so', () => {
  const message = `a\nb ${'\u0001'.repeat(20)}`;
  const [, line = ''] = said(strip('Queue read', slots({ 40: { light: 'red', message } })).text) ?? [];
  expect(line).toMatch(/^40 failing: a b ‹U\+0001›.*…$/);
  expect(line.length).toBeLessThan(80);
});

test('many times of trouble are not all read out', () => {
  const many = Object.fromEntries(
    [2, 4, 6, 8, 10, 12].map((slot) => [slot, { light: 'red' as const, message: '' }]),
  );
  expect(strip('Queue read', slots(many)).text).toContain('; 2 times more"');
});

test('a monitor that has just been installed knows nothing of the past', () => {
  const none = Object.fromEntries(
    slots().map((_, slot) => [slot, { light: 'unknown' as const, message: '' }]),
  );
  expect(strip('Queue read', slots(none)).text).toContain('nothing known');
});

test('without slots there is no strip', () => {
  expect(strip('Queue read', []).text).toBe('');
});
