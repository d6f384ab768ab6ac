import type { BenchRun, Figure } from './measurement.js';
import { drainQueue, makeBodies } from './messages.js';
import { sendInTransactions, sendOneByOne, TRANSACTION_PLANS, type TransactionPlan } from './publish-bare.js';
import { openReaderOutlet } from './publish-reader.js';
import { type Contender, medianRates, rateOf } from './rate.js';
import { withStompClient } from './stomp-client.js';

/** Sends messages. @returns how many per second became durable */
type Measure = (bodies: readonly string[]) => Promise<number>;

const READER = 'publish: reader';
const ORIGINAL = 'publish: connection per message';
const EXPECTED_TIMES = 10;
const EXPECTED_PERCENT = 80;

/** Messages that the broker has made durable per second, three ways. */
export async function measurePublish(run: BenchRun): Promise<Figure[]> {
  const { rounds, publish } = run.scale;
  const { brokerPort: port, signal, print } = run;
  await using outlet = await openReaderOutlet(port, signal);
  const contender = (name: string, count: number, measure: Measure): Contender => ({
    name,
    run: () => measureAndDrain(run, count, measure),
  });
  const contenders = (count: number, singles: number) => [
    contender(READER, count, (bodies) => rateOf(bodies.length, () => outlet.send(bodies))),
    contender(ORIGINAL, singles, (bodies) => rateOf(bodies.length, () => sendOneByOne(port, bodies, signal))),
    ...TRANSACTION_PLANS.map((plan) =>
      contender(bareName(plan), count, (bodies) => measureBare(port, bodies, plan, signal)),
    ),
  ];
  print('publish: warming up');
  await medianRates(contenders(publish.warmUpMessages, publish.singleMessages), 1, () => undefined);
  const rates = await medianRates(contenders(publish.messages, publish.singleMessages), rounds, print);
  return toFigures(rates);
}

/** Starts and ends with an empty queue. */
async function measureAndDrain(run: BenchRun, count: number, measure: Measure): Promise<number> {
  const rate = await measure(makeBodies(count));
  await drainQueue(run.brokerPort, count, run.signal);
  return rate;
}

/** Its connection is open before the clock starts, as the reader's is. */
function measureBare(
  port: number,
  bodies: readonly string[],
  plan: TransactionPlan,
  signal: AbortSignal,
): Promise<number> {
  return withStompClient(port, signal, (client) =>
    rateOf(bodies.length, () => sendInTransactions(client, bodies, plan)),
  );
}

function bareName({ size, underWay }: TransactionPlan): string {
  return `publish: bare stompit ${underWay} x ${size}`;
}

function toFigures(rates: ReadonlyMap<string, number>): Figure[] {
  const rate = (name: string) => rates.get(name) ?? Number.NaN;
  const [best] = TRANSACTION_PLANS.map(bareName).sort((a, b) => rate(b) - rate(a));
  if (best === undefined) throw new TypeError('there is no plan for bare stompit');
  return [
    {
      name: READER,
      value: rate(READER),
      unit: '/s',
      meaning: "durable messages per second through the reader's own publisher",
    },
    {
      name: ORIGINAL,
      value: rate(ORIGINAL),
      unit: '/s',
      meaning:
        'the same messages, each with connect, CONNECT, SEND with receipt, DISCONNECT, as podips 1.1 did',
    },
    {
      name: 'publish: best of bare stompit',
      value: rate(best),
      unit: '/s',
      meaning: `the same messages by the library alone; best of ${TRANSACTION_PLANS.length} plans: ${best} (transactions under way x messages in each)`,
    },
    {
      name: 'publish: reader / connection per message',
      value: rate(READER) / rate(ORIGINAL),
      unit: 'times',
      expectation: { atLeast: EXPECTED_TIMES },
      meaning: 'the gain of one lasting connection with transactions',
    },
    {
      name: 'publish: reader / best of bare stompit',
      value: (100 * rate(READER)) / rate(best),
      unit: '%',
      expectation: { atLeast: EXPECTED_PERCENT },
      meaning: 'the share of the rate that the library reaches at the same durability',
    },
  ];
}
