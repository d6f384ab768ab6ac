import { expect, it } from 'vitest';
import { EndedLeases } from './changes/ended-leases.js';
import { PodTable } from './changes/pod-table.js';
import type { LoadedLedger } from './store/ledger.js';
import type { Marker } from './store/marker-file.js';
import { findTermStart, type TermEnd, type TermOrigin } from './term-start.js';

const WATERMARK = new Date('2026-11-20T14:00:00.000Z');
const EARLIER = new Date('2026-11-20T13:00:00.000Z');
const CHECKPOINT = { resourceVersion: '5', knownAt: WATERMARK };
const LEDGER: LoadedLedger = {
  known: new PodTable(),
  ended: new Map(),
  checkpoint: CHECKPOINT,
  term: 7,
  latest: WATERMARK,
};

function createMarker(since: Date | undefined): Marker {
  let current = since;
  return {
    get since() {
      return current;
    },
    set(from) {
      current ??= from;
    },
    clear() {
      current = undefined;
    },
  };
}

const find = (origin: Partial<TermOrigin>, marker?: Marker) =>
  findTermStart({ ledger: LEDGER, previous: undefined, ...origin }, marker);

it.each<[TermEnd | undefined, object | undefined]>([
  [undefined, undefined],
  ['stopped', undefined],
  ['fenced', undefined],
  ['ledger-late', undefined],
  ['ledger-overflow', { startedAt: WATERMARK, reason: 'ledger-overflow' }],
])(
  'a term resumes from the checkpoint; after the end %s the gap to catch up with is %s',
  (previous, catchUp) => {
    const marker = createMarker(EARLIER);
    const start = find({ previous }, marker);
    const { known, ended, checkpoint, latest } = LEDGER;
    expect(start).toEqual({
      known,
      ended: new EndedLeases(ended),
      checkpoint,
      latest,
      ...(catchUp && { catchUp }),
    });
    // It stays until the ledger has the gap.
    expect(marker.since).toEqual(EARLIER);
  },
);

it('a term without its ledger knows nothing, and marks nothing before it publishes', () => {
  const marker = createMarker(undefined);
  expect(find({ ledger: undefined }, marker)).toEqual({ known: new PodTable(), checkpoint: undefined });
  expect(marker.since).toBeUndefined();
});

it('a ledger that was never written has nothing before its first list that could be out of order', () => {
  const marker = createMarker(EARLIER);
  const start = find({ ledger: { ...LEDGER, checkpoint: undefined }, previous: 'ledger-overflow' }, marker);
  expect(start).toMatchObject({ known: LEDGER.known, checkpoint: undefined });
  expect(marker.since).toBeUndefined();
});
