import { describe, expect, it } from 'vitest';
import { at, BEFORE, bookmark, createChanges, gone, ledgerOf, NOW, pod } from './pod-changes.test.helpers.js';

describe('what may be told late', () => {
  it('is noted before anything is told without the ledger, until the ledger has a gap for it', async () => {
    const { changes, late, told, writeGaps } = createChanges();
    late.set.mockImplementationOnce(() => expect(told).toEqual([]));
    await changes.replaceAll([pod(1)], '8', 'start');
    await changes.replaceAll([pod(1)], '9', 'expired');
    expect(late.set).toHaveBeenCalledOnce();
    await changes.adopt(ledgerOf([1]));
    expect(late.clear).not.toHaveBeenCalled();
    writeGaps();
    expect(late.clear).toHaveBeenCalledOnce();
  });

  it('is not noted by a reader that has restored the ledger', async () => {
    const { changes, late } = createChanges(1_000, ledgerOf([1]));
    await changes.replaceAll([pod(1)], '8', 'start');
    expect(late.set).not.toHaveBeenCalled();
  });

  it('ends with the first bookmark: that time is a gap then, and the note goes when the ledger has it', () => {
    const { changes, ledger, late, time, writeGaps } = createChanges(1_000, ledgerOf([1]), 1_000, NOW);
    time.now = at(10);
    changes.apply(gone(pod(1)));
    expect(ledger.gaps).toEqual([]);
    time.now = at(20);
    changes.apply(bookmark);
    expect(ledger.gaps).toEqual([{ startedAt: BEFORE, endedAt: at(20), reason: 'late' }]);
    expect(late.clear).not.toHaveBeenCalled();
    writeGaps();
    expect(late.clear).toHaveBeenCalledOnce();
    changes.apply(bookmark);
    expect(ledger.gaps).toHaveLength(1);
  });

  it('ends with a list, too', async () => {
    const { changes, ledger } = createChanges(1_000, ledgerOf([1]), 1_000, NOW);
    await changes.replaceAll([], '8', 'expired');
    expect(ledger.gaps.map(({ startedAt, reason }) => [startedAt, reason])).toEqual([
      [BEFORE, 'expired'],
      [BEFORE, 'late'],
    ]);
  });

  it('begins with the note when another reader has led since', () => {
    const noted = new Date(BEFORE.getTime() - 60_000);
    const { changes, ledger } = createChanges(1_000, ledgerOf([1]), 1_000, noted);
    changes.apply(bookmark);
    expect(ledger.gaps).toEqual([{ startedAt: noted, endedAt: NOW, reason: 'late' }]);
  });

  it('is noted with its beginning, so that the next reader knows it when the ledger has gone on', () => {
    const { changes, late, ledger } = createChanges(1_000, ledgerOf([1]));
    changes.outboxOvertaken();
    expect(late.since).toEqual(BEFORE);
    expect(ledger.gaps).toEqual([]);
  });

  it('begins with an older note when the outbox is overtaken, or the ledger taken in late', async () => {
    const noted = new Date(BEFORE.getTime() - 60_000);
    const restored = createChanges(1_000, ledgerOf([1]), 1_000, noted);
    restored.changes.outboxOvertaken();
    restored.changes.apply(bookmark);
    const adopting = createChanges(1_000, undefined, 1_000, noted);
    await adopting.changes.replaceAll([pod(1)], '8', 'start');
    await adopting.changes.adopt(ledgerOf([1]));
    for (const { ledger } of [restored, adopting]) expect(ledger.gaps[0]?.startedAt).toEqual(noted);
  });

  it('is noted no more after a ledger that was never written has its first gap', async () => {
    const empty = { known: new Map(), position: undefined };
    const { changes, late, writeGaps } = createChanges(1_000, empty, 1_000, BEFORE);
    await changes.replaceAll([pod(1)], '8', 'start');
    writeGaps();
    expect(late.since).toBeUndefined();
  });

  it('is what overtakes the outbox, noted at once', () => {
    const { changes, ledger, late, time } = createChanges(1_000, ledgerOf([1]));
    changes.apply(bookmark);
    time.now = at(20);
    changes.outboxOvertaken();
    expect(late.set).toHaveBeenCalledOnce();
    expect(ledger.gaps).toEqual([{ startedAt: BEFORE, endedAt: at(20), reason: 'late' }]);
  });
});
