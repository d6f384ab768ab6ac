import type { BenchRun, Figure } from './measurement.js';
import { drainQueue, makeBodies } from './messages.js';
import { sendInTransactions, sendOneByOne, TRANSACTION_PLANS, type TransactionPlan } from './publish-bare.js';
import { openReaderOutlet } from './publish-reader.js';
import { type Contender, measureRates, type Rates, rateOf } from './rate.js';
import { withStompClient } from './stomp-client.js';

/** Sends messages. @returns how many per second arrived */
type Measure = (bodies: readonly string[]) => Promise<number>;

const READER = 'publish: reader';
const ORIGINAL = 'publish: connection per message';
const AT_ONCE = 8;
const ORIGINAL_AT_ONCE = `${ORIGINAL}, eight at once`;
const EXPECTED_TIMES = 10;
const EXPECTED_PERCENT = 90;

/** Messages that the broker has received per second, several ways. */
export async function measurePublish(run: BenchRun): Promise<Figure[]> {
  const { rounds, publish } = run.scale;
  const { brokerPort: port, signal, print } = run;
  await using outlet = await openReaderOutlet(port, signal);
  const contender = (name: string, count: number, measure: Measure): Contender => ({
    name,
    run: () => measureAndDrain(run, count, measure),
  });
  const oneByOne =
    (atOnce: number): Measure =>
    (bodies) =>
      rateOf(bodies.length, () => sendOneByOne(port, bodies, atOnce, signal));
  const contenders = (count: number, singles: number) => [
    contender(ORIGINAL, singles, oneByOne(1)),
    contender(ORIGINAL_AT_ONCE, singles, oneByOne(AT_ONCE)),
    contender(READER, count, (bodies) => rateOf(bodies.length, () => outlet.send(bodies))),
    ...TRANSACTION_PLANS.map((plan) =>
      contender(bareName(plan), count, (bodies) => measureBare(port, bodies, plan, signal)),
    ),
  ];
  print('publish: warming up');
  await measureRates(contenders(publish.warmUpMessages, publish.singleMessages), 1, () => undefined);
  const rates = await measureRates(contenders(publish.messages, publish.singleMessages), rounds, print);
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

function toFigures(rates: Rates): Figure[] {
  const best = rates.best(TRANSACTION_PLANS.map(bareName));
  return [
    {
      name: READER,
      ...rates.of(READER),
      unit: '/s',
      meaning: "durable messages per second through the reader's own publisher, each a change of its own",
    },
    {
      name: ORIGINAL,
      ...rates.of(ORIGINAL),
      unit: '/s',
      meaning:
        'each message with connect, CONNECT, SEND, DISCONNECT, one after the other, as podips 1.1 did: not persistent, and without its report to the monitor',
    },
    {
      name: ORIGINAL_AT_ONCE,
      ...rates.of(ORIGINAL_AT_ONCE),
      unit: '/s',
      meaning: `the same over ${AT_ONCE} connections at a time, which podips 1.1 did not do`,
    },
    {
      name: 'publish: best of bare stompit',
      ...rates.of(best),
      unit: '/s',
      meaning: `durable messages by the library alone; best of ${TRANSACTION_PLANS.length} plans: ${best} (transactions under way x messages in each)`,
    },
    {
      name: 'publish: reader / connection per message',
      ...rates.ratio(READER, ORIGINAL),
      unit: 'times',
      expectation: { atLeast: EXPECTED_TIMES },
      meaning: 'the gain of one lasting connection with transactions',
    },
    {
      name: 'publish: reader / best of bare stompit',
      ...rates.share(READER, best),
      unit: '%',
      expectation: { atLeast: EXPECTED_PERCENT },
      meaning: 'the share of the rate that the library reaches at the same durability, in the same round',
    },
  ];
}
