import { expect, it } from 'vitest';
import { createWorkloadBook } from './book.js';
import { DAY_MS, ended, HOUR_MS, life, MINUTE_MS, NOW_MS, workload } from './book.test.helpers.js';
import type { Fact, HeldAddress } from './fact-queries.js';
import type { PodLife } from './facts.js';
import { createIpChanges } from './ip-changes.js';
import { createTeller } from './teller.js';

function newTeller() {
  const book = createWorkloadBook();
  const ipChanges = createIpChanges();
  const teller = createTeller(book, ipChanges, NOW_MS - 14 * DAY_MS, NOW_MS);
  const counts = () => {
    const { started, ended: ends } = book.measure(DAY_MS, NOW_MS).of(workload())?.counts ?? {};
    return [started, ends];
  };
  const changes = () => {
    const { starts, ends } = ipChanges.quarters(NOW_MS);
    return [starts, ends].map((all) => all.reduce((sum, count) => sum + count, 0));
  };
  return { teller, counts, changes };
}

const held = (one: PodLife, changes: Partial<HeldAddress> = {}): HeldAddress => ({
  life: one,
  ip: one.ip,
  occurrence: 0,
  isChanged: false,
  ...changes,
});
const start = (one: HeldAddress): Fact => ({
  what: 'started',
  atMs: one.life.startedAtMs,
  held: one,
  isOpen: true,
});
const end = (one: HeldAddress): Fact => ({ what: 'ended', atMs: one.life.end?.atMs ?? 0, held: one });

it('a pod with two addresses, or one address after the other, starts and ends once', () => {
  const { teller, counts, changes } = newTeller();
  const dual = ended(life(50), 20);
  const both = [held(dual), held(dual, { ip: 'fd00::1' })];
  const moved = held(ended(life(50), 30), { isChanged: true });
  const next = held({ ...moved.life, startedAtMs: NOW_MS - 29 * MINUTE_MS, ip: '10.64.0.2' });
  const last = held({
    ...next.life,
    end: { atMs: NOW_MS - 10 * MINUTE_MS, cause: 'Deleted', exitCode: undefined },
  });
  teller.tell([...both.map(start), start(moved), end(moved), start(next), ...both.map(end), end(last)]);
  expect([counts(), changes()]).toEqual([
    [2, 2],
    [4, 4],
  ]);
});

it('what is read again counts once, also where so much happened that most of it is forgotten', () => {
  const { teller, counts } = newTeller();
  const many = 70_000;
  const facts = Array.from({ length: many }, (_none, index) =>
    end(held(ended(life(3_000), ((many - index) / many) * 20 * 60))),
  );
  const tell = () => {
    for (let next = 0; next < many; next += 10_000) {
      teller.tell(facts.slice(next, next + 10_000));
      teller.counted(facts[Math.min(many, next + 10_000) - 1]?.atMs ?? 0);
    }
  };
  tell();
  const once = counts();
  expect(once[1]).toBe(many);
  expect(teller.knownSinceMs).toBeGreaterThan(NOW_MS - 20 * HOUR_MS);
  tell();
  expect(counts()).toEqual(once);
});
