import { type Ledger, openLedger } from '@podips/monitor/ledger';
import { createLedger, type LeaseRecord } from '@podips/reader';
import { createLogger, migrate, openPool } from '@podips/shared';
import { createRandom } from '@podips/simulation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LeasesAnswer, LeaseView } from '../../services/monitor/src/ledger/ledger-view.js';
import { createDatabase } from '../support/test-databases.js';

const BEGIN_MS = Date.parse('2026-11-20T12:00:00Z');
const SPAN_MS = 120_000;
const KNOWN_UNTIL_MS = BEGIN_MS + SPAN_MS;
const NOW_MS = KNOWN_UNTIL_MS + 60_000;
const NODES = ['node-1', 'node-2', 'node-3'];
const NAMESPACES = ['shop', 'bank', 'kube-system'];
const NETWORK = '10.64.0.0/27';
const POD_IPS = Array.from({ length: 24 }, (_, n) => `10.64.0.${n + 1}`);
const NODE_IPS = NODES.map((_, n) => `10.64.0.${n + 28}`);
const GAPS = [
  { startedAt: undefined, endedAt: new Date(BEGIN_MS - 1_000), reason: 'start' },
  { startedAt: new Date(BEGIN_MS + 40_000), endedAt: new Date(BEGIN_MS + 45_000), reason: 'expired' },
  { startedAt: new Date(BEGIN_MS + 80_000), endedAt: new Date(BEGIN_MS + 85_000), reason: 'clock' },
] as const;

const random = createRandom(18);
let pods = 0;

function draw(ip: string, startedMs: number, endedMs: number, host?: string): LeaseRecord {
  pods += 1;
  // Some are exact, and some as after a pause of the reader.
  const bounds = (ms: number) => {
    const most = random.pick([1, 4_000]);
    return { notBefore: ms - random.integer(most), notAfter: ms + random.integer(most) };
  };
  return {
    pod: {
      uid: `uid-${pods}`,
      namespace: random.pick(NAMESPACES),
      name: `pod-${pods}`,
      ownerKind: 'ReplicaSet',
      ownerName: 'web',
      node: host ?? random.pick(NODES),
      hostNetwork: host !== undefined,
    },
    ip,
    occurrence: 0,
    startedAt: new Date(startedMs),
    startBounds: bounds(startedMs),
    startInferred: false,
    end:
      endedMs >= KNOWN_UNTIL_MS
        ? undefined
        : {
            at: new Date(endedMs),
            // An earlier version recorded none.
            bounds: random.integer(10) === 0 ? undefined : bounds(endedMs),
            reason: 'deleted',
            inferred: false,
          },
  };
}

/** Leases that follow each other on addresses of pods, and several at a time on those of nodes. */
function drawLeases(): LeaseRecord[] {
  const follow = (ip: string, host?: string) => {
    const leases: LeaseRecord[] = [];
    for (let ms = BEGIN_MS + random.integer(10_000); ms < KNOWN_UNTIL_MS; ) {
      const endMs = ms + 1 + random.integer(20_000);
      leases.push(draw(ip, ms, endMs, host));
      ms = endMs + random.integer(4_000);
    }
    return leases;
  };
  const ofNodes = NODE_IPS.flatMap((ip, n) => [1, 2, 3].flatMap(() => follow(ip, NODES[n])));
  return [...POD_IPS.flatMap((ip) => follow(ip)), ...ofNodes];
}

const records = drawLeases();
let ledger: Ledger;
const owner = new AsyncDisposableStack();
beforeAll(async () => {
  const settings = await createDatabase();
  const log = createLogger('test', 'silent');
  const database = openPool(settings, log);
  owner.defer(() => database.end());
  await migrate(database);
  const written = createLedger(database, 'default');
  const { term } = await written.load();
  await written.write(term, {
    leases: records,
    gaps: GAPS,
    checkpoint: { resourceVersion: '1', knownAt: new Date(KNOWN_UNTIL_MS) },
  });
  ledger = openLedger({ database: settings, cluster: 'default', now: () => NOW_MS, log });
  owner.defer(() => ledger.stop());
});
afterAll(() => owner.disposeAsync());

const PAGE = { limit: 1_000, after: undefined };
const ANY = { namespace: '', pod: '', workload: '', workloadKind: '', node: '', podUid: '' };
const at = (ms: number) => ({ ms, precisionMs: 1 });

const found = (answers: readonly LeasesAnswer[]) => {
  const names = (of: (answer: LeasesAnswer) => readonly LeaseView[]) =>
    answers
      .flatMap(of)
      .map(({ ip, pod }) => `${ip} ${pod}`)
      .toSorted();
  return { sure: names(({ leases }) => leases), perhaps: names(({ candidates }) => candidates) };
};

/** Times around which answers change, and some between them. */
function drawTimes(count: number): number[] {
  const changes = records.flatMap(({ startBounds, startedAt, end }) => [
    startedAt.getTime(),
    startBounds?.notAfter,
    end?.at.getTime(),
    end?.bounds?.notBefore,
  ]);
  const known = changes.filter((ms) => ms !== undefined);
  return Array.from({ length: count }, () =>
    random.integer(3) === 0 ? BEGIN_MS + random.integer(SPAN_MS) : random.pick(known) - 1 + random.integer(3),
  );
}

it('lists of a network, a namespace and a node name the same pods as questions about each address, as sure or not', async () => {
  let perhaps = 0;
  for (const ms of [...drawTimes(10), BEGIN_MS + 39_000, BEGIN_MS + 86_500]) {
    const ips = [...POD_IPS, ...NODE_IPS];
    const single = await Promise.all(ips.map((ip) => ledger.ask({ ip, at: at(ms) })));
    const doubtful = ips.filter((_, n) => !single[n]?.certain);
    const expected = { ms, ...found(single) };
    const lists = (selections: readonly object[]) =>
      Promise.all(
        selections.map((some) => ledger.ask({ selection: { ...ANY, ...some }, time: at(ms), page: PAGE })),
      );
    const network = await ledger.ask({ addresses: { network: NETWORK }, at: at(ms), page: PAGE });
    const byNamespace = await lists(NAMESPACES.map((namespace) => ({ namespace })));
    const byNode = await lists(NODES.map((node) => ({ node })));
    for (const answers of [[network], byNamespace, byNode])
      expect({ ms, ...found(answers) }).toEqual(expected);
    // What a list has as certain is so for each of its addresses.
    for (const list of [network, ...byNamespace, ...byNode].filter(({ certain }) => certain))
      expect(list.leases.filter(({ ip }) => doubtful.includes(ip))).toEqual([]);
    perhaps += expected.perhaps.length;
  }
  expect(perhaps).toBeGreaterThan(0);
});
