import { DAY_MS } from './ledger-fill.js';
import { heartbeatOf, type Load, load, type Request } from './load.js';
import { addressOf, type LogOfLines } from './lookup-lines.js';
import type { BenchRun, Figure } from './measurement.js';

const EXPECTED_PER_SECOND = 2_000;
const EXPECTED_P99_BELOW_MS = 5;
const EXPECTED_HEARTBEAT_P99_BELOW_MS = 50;
const CONNECTIONS = 8;
/** Addresses that are asked about again and again. */
const KNOWN = 2_000;
const STEP_MS = 977;
const WARM_UP_S = 2;

interface Asking {
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly requestOf: (n: number) => Request;
  /** Undefined: as many as are answered. */
  readonly perSecond?: number;
}

/** How many single addresses a second, and how soon at the wanted rate: of addresses that were just asked about, and of new ones. */
export async function measureSingle(run: BenchRun, url: string, log: LogOfLines): Promise<Figure[]> {
  const { seconds } = run.scale.lookup;
  const { signal } = run;
  run.print(`lookup: three times ${seconds} s of single addresses, and heartbeats meanwhile`);
  const perSecond = EXPECTED_PER_SECOND;
  const known = (n: number) => requestOf(log, n % KNOWN, n);
  // Days before those that were asked about, and each address once a day: no window is asked about twice.
  const newOf = (days: number) => (n: number) => requestOf(log, n, n, days + Math.floor(n / log.addresses));
  const [most] = await ask(url, { seconds, signal, requestOf: newOf(20) });
  await ask(url, { seconds: Math.min(seconds, WARM_UP_S), signal, requestOf: known });
  const ofKnown = await ask(url, { seconds, signal, requestOf: known, perSecond });
  const ofNew = await ask(url, { seconds, signal, requestOf: newOf(10), perSecond });
  const heartbeats = Math.max(ofKnown[1].p99Ms, ofNew[1].p99Ms);
  return [
    {
      name: 'lookup: single addresses',
      value: most.perSecond,
      unit: '/s',
      expectation: { atLeast: EXPECTED_PER_SECOND },
      meaning: `GET /lookup/<address>@<time> over ${CONNECTIONS} connections, as many as are answered, each about another address or day`,
    },
    p99Of('known', ofKnown[0], `${KNOWN} addresses that were asked about in the seconds before`),
    p99Of('new', ofNew[0], 'addresses and days that were not asked about before'),
    {
      name: 'lookup: heartbeats meanwhile, p99',
      value: heartbeats,
      unit: 'ms',
      expectation: { below: EXPECTED_HEARTBEAT_P99_BELOW_MS },
      meaning: '99 % of the heartbeats were answered within, one every 20 ms over a connection of its own',
    },
  ];
}

function p99Of(kind: string, { p99Ms, perSecond }: Load, which: string): Figure {
  return {
    name: `lookup: single addresses, ${kind}, p99`,
    value: p99Ms,
    unit: 'ms',
    expectation: { below: EXPECTED_P99_BELOW_MS },
    meaning: `99 % were answered within, at ${EXPECTED_PER_SECOND} a second, or as many as were answered: ${Math.round(perSecond)}; ${which}`,
  };
}

function requestOf(log: LogOfLines, address: number, n: number, daysBefore = 0): Request {
  const { fromMs, toMs } = log;
  const ms = fromMs - daysBefore * DAY_MS + ((n * STEP_MS) % (toMs - fromMs));
  return { method: 'GET', path: `/lookup/${addressOf(address, log)}%40${new Date(ms).toISOString()}` };
}

function ask(url: string, asking: Asking): Promise<[Load, Load]> {
  const { seconds, signal } = asking;
  return Promise.all([
    load({ ...asking, url, connections: CONNECTIONS }),
    load({ url, seconds, signal, connections: 1, restMs: 20, requestOf: heartbeatOf }),
  ]);
}
