import { OPERATIONS } from '@podips/shared';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import type { Light } from '../status/lights.js';
import { someTransitions, span } from './history.test.helpers.js';
import { plausibleSpans } from './plausible.js';
import { createTimeline, type Span } from './timeline.js';

const BADNESS: Readonly<Record<Light, number>> = { grey: 0, green: 0, yellow: 1, red: 2 };

function lightAt(spans: readonly Span[], atMs: number): Light {
  return spans.findLast(({ sinceMs }) => sinceMs <= atMs)?.light ?? 'grey';
}

test('times that only go forward are all believed, whatever the lights did', () => {
  fc.assert(
    fc.property(someTransitions, (transitions) => {
      const timeline = createTimeline(1_000);
      for (const { operation, to, atMs } of transitions) timeline.add(operation, span(to, atMs));
      for (const operation of OPERATIONS)
        expect(plausibleSpans(timeline.spans(operation), Date.UTC(2026, 1, 1))).toEqual(
          timeline.spans(operation),
        );
    }),
    { numRuns: inject('propertyRuns') },
  );
});

test('folding keeps the bound and hides no outage, whatever the lights did', () => {
  fc.assert(
    fc.property(someTransitions, fc.integer({ min: 8, max: 20 }), (transitions, maxSpans) => {
      const [all, bounded] = [createTimeline(1_000), createTimeline(maxSpans)];
      for (const { operation, to, atMs } of transitions) {
        all.add(operation, span(to, atMs));
        bounded.add(operation, span(to, atMs));
        const kept = OPERATIONS.flatMap((one) => bounded.spans(one));
        expect(kept.length).toBeLessThanOrEqual(maxSpans);
        expect(bounded.spans(operation).at(-1)?.light).toBe(to);
      }
      for (const operation of OPERATIONS) {
        const oldestMs = bounded.spans(operation)[0]?.sinceMs ?? 0;
        for (const { sinceMs, light } of all.spans(operation).filter((one) => one.sinceMs >= oldestMs)) {
          // The last one of several at one time was on.
          if (lightAt(all.spans(operation), sinceMs) !== light) continue;
          expect(BADNESS[lightAt(bounded.spans(operation), sinceMs)]).toBeGreaterThanOrEqual(BADNESS[light]);
        }
      }
    }),
    { numRuns: inject('propertyRuns') },
  );
});
