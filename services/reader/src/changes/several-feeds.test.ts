import { expect, it } from 'vitest';
import { ChangeLog } from './change-log.js';
import { createChanges, list, pod, seen, startOf, withoutLedger } from './pod-changes.test.helpers.js';
import { Positions } from './positions.js';

/** Two feeds that share a log with room for one message, and what the ledger would have after each one. */
function twoFeeds(checkpoint: string) {
  const log = new ChangeLog({ maxMessages: 1, maxRows: 1_000 });
  const positions = new Positions(['shop', 'web']);
  const ledger = { pods: new Set<string>(), resourceVersion: checkpoint };
  const feed = (name: string, indexes: readonly number[]) => {
    const start = indexes.length > 0 ? startOf(indexes) : withoutLedger();
    const whole = { ...startOf([]).checkpoint, resourceVersion: checkpoint };
    const restored = positions.restore(name, whole, indexes.length > 0);
    return createChanges({
      log,
      start: { ...start, checkpoint: restored },
      positions: {
        moved: (to) => positions.moved(name, to),
        listing: (askedAt) => positions.listing(name, askedAt),
      },
    });
  };
  const shop = feed('shop', [1, 2, 3]);
  const web = feed('web', [4]);
  /** As delivery and recording do; a ledger without a position is as it was. */
  const record = () => {
    for (const { number } of [...log.undeliveredAfter(0, Number.POSITIVE_INFINITY)]) log.delivered(number);
    const cut = log.cut();
    if (cut === undefined) return ledger;
    log.recorded(cut);
    for (const { pod: of, end } of cut.leases) ledger.pods[end ? 'delete' : 'add'](of.uid);
    if (cut.checkpoint) ledger.resourceVersion = cut.checkpoint.resourceVersion;
    return ledger;
  };
  return { log, shop, web, record };
}

it('a list that is recorded in part stands beside no version from which its feed could be resumed', async () => {
  const { log, shop, web, record } = twoFeeds('{"shop":"5","web":"5"}');
  shop.changes.catchingUp();
  const listed = list(
    shop.changes,
    [6, 7, 8].map((index) => pod(index)),
    '20',
    'expired',
  );
  const versions: unknown[] = [];
  for (let isOver = false; !isOver; ) {
    isOver = await Promise.race([
      listed,
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 20)),
    ]);
    record();
    // An event of the other feed between two parts of the list.
    const other = seen(pod(20 + versions.length));
    if (!isOver && web.changes.apply(other)) versions.push(JSON.parse(record().resourceVersion));
    expect(log.undelivered).toBe(0);
  }
  expect(versions.length).toBeGreaterThan(2);
  expect(versions).toEqual(versions.map(() => ({ shop: '', web: '7' })));
  expect(JSON.parse(record().resourceVersion)).toEqual({ shop: '20', web: '7' });
});
