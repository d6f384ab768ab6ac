import { expect, it } from 'vitest';
import { type MeasuredSection, replaceSection } from './results.js';

const section = (name: MeasuredSection['name'], value: number): MeasuredSection => ({
  name,
  figures: [
    {
      name: `${name}: 1,000 pods, peak`,
      value,
      range: [value - 8, value + 8],
      unit: 'MB',
      expectation: { below: 200 },
      meaning: 'its largest',
    },
    { name: `${name}: 9 pods, peak`, value: 1.25, unit: 'MB', meaning: 'its largest' },
    { name: `${name}: failures`, value: 0, unit: 'times', expectation: { below: 1 }, meaning: 'all of them' },
  ],
  startedAt: new Date('2026-11-20T14:05:59Z'),
  seconds: 71.6,
  commit: 'commit 0123456789',
  machine: '2 cores',
  load: [0.21, 1.96],
});

it('records what was measured, when, on what, and what of it was expected', () => {
  const document = replaceSection('', section('scale', 208));
  expect(document).toContain('# Results of the benchmark\n');
  expect(document.slice(document.indexOf('## '))).toBe(`## scale

2026-11-20 14:05 UTC, commit 0123456789, in 72 s. 2 cores.
Load average 0.2 before, 2.0 at the end.

| figure | value | range | expected | met |
|---|---:|---:|---:|---|
| 1,000 pods, peak | 208 MB | 200 to 216 | < 200 | NO |
| 9 pods, peak | 1.3 MB |  |  |  |
| failures | 0 times |  | < 1 | yes |

- peak: its largest
- failures: all of them
`);
});

it('begins with what is not met', () => {
  expect(replaceSection(replaceSection('', section('scale', 208)), section('churn', 1))).toContain(
    '\n3 of 4 expectations are met. Not met:\n\n- [scale](#scale): 1,000 pods, peak\n\n## scale\n',
  );
});

it('replaces a section, keeps the others, and is the same document whichever came first', () => {
  const [publish, scale] = [section('publish', 1), section('scale', 2)];
  const both = replaceSection(replaceSection('', scale), publish);
  expect(both).toBe(replaceSection(replaceSection('', publish), scale));
  expect(replaceSection(replaceSection(both, section('scale', 3)), scale)).toBe(both);
  expect(both.indexOf('## publish')).toBeLessThan(both.indexOf('## scale'));
});
