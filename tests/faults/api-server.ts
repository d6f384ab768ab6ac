import type { SeenRequest } from '@podips/simulation';
import type { Fault } from './fault.js';
import { nothing } from './fault.js';
import { all, forgotten, grown, watchedAgain } from './felt.js';
import type { Stage } from './stage.js';

const API = { part: 'api', lights: {}, end: ({ cluster }: Stage) => cluster.faults.clear() } as const;
const RED = { kubernetes: 'red' } as const;

const isFirstPage = ({ query }: SeenRequest) =>
  query.watch === undefined && query.continue === undefined && query.limit !== '1';

/** The next requests are answered like this, on watches that were closed for it. */
const answers = (status: number, name: string, retryAfterSeconds?: number): Fault => ({
  ...API,
  name,
  lights: RED,
  momentary: true,
  begin({ cluster: { faults } }) {
    faults.failNext({ status, count: 3, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) });
    faults.closeWatches();
  },
});

/** The API server fails, or forgets. */
export const API_FAULTS: readonly Fault[] = [
  {
    ...API,
    name: 'watches closed at random',
    begin: ({ cluster }) => cluster.faults.closeWatchesAtRandom(300),
    felt: watchedAgain(3),
  },
  {
    ...API,
    name: 'watch half-open',
    begin: ({ cluster }) => void cluster.faults.freezeWatches(),
    felt: watchedAgain(1),
  },
  {
    ...API,
    name: 'watch ends in the middle of an event',
    begin: ({ cluster }) => void cluster.faults.truncateWatches(),
    felt: watchedAgain(1),
  },
  {
    ...API,
    name: '410 as an event of the watch',
    forgets: true,
    begin({ cluster: { faults } }) {
      faults.expireNextWatch('event');
      faults.closeWatches();
    },
    felt: forgotten(),
  },
  {
    ...API,
    name: '410 as the answer to the watch',
    forgets: true,
    begin({ cluster: { faults } }) {
      faults.expireNextWatch('response');
      faults.closeWatches();
    },
    felt: forgotten(),
  },
  {
    ...API,
    name: '410 on the continue token of a list',
    forgets: true,
    begin({ cluster: { faults } }) {
      faults.expireNextContinue();
      faults.expireNextWatch();
      faults.closeWatches();
    },
    // The list is begun twice: its token was refused in the middle.
    felt: (stage) =>
      all(
        forgotten()(stage),
        grown(() => stage.cluster.requests.filter(isFirstPage).length, 2),
      ),
  },
  {
    ...API,
    name: 'resource versions begin again lower',
    // Where the reader is away as well, the versions may pass its position before it can compare them.
    alone: true,
    forgets: true,
    begin: ({ cluster }) => cluster.faults.beginVersionsAgain(),
    felt: forgotten('reset'),
  },
  {
    ...API,
    name: 'slow list',
    forgets: true,
    begin({ cluster: { faults } }) {
      faults.delayLists(500);
      faults.expireNextWatch();
      faults.closeWatches();
    },
    felt: forgotten(),
  },
  answers(429, 'API server answers 429 with Retry-After', 1),
  answers(500, 'API server answers 500'),
  {
    ...API,
    name: 'API server answers 503',
    lights: RED,
    begin({ cluster: { faults } }) {
      // Until it ends: for a moment, no light says anything.
      faults.failNext({ status: 503, count: 1_000_000 });
      faults.closeWatches();
    },
  },
  {
    ...API,
    name: 'API server unavailable',
    lights: RED,
    begin({ cluster: { faults } }) {
      faults.refuseConnections();
      faults.dropConnections();
    },
    end: ({ cluster }) => cluster.faults.acceptConnections(),
  },
  {
    ...API,
    name: 'connections to the API server dropped',
    begin: ({ cluster }) => void cluster.faults.dropConnections(),
    end: nothing,
    felt: watchedAgain(1),
  },
  {
    ...API,
    name: 'permission withdrawn',
    lights: RED,
    headline: {
      what: 'The API server refuses the reader.',
      help: 'troubleshooting#the-reader-may-not-read-pods',
    },
    begin({ cluster: { faults } }) {
      faults.forbid();
      faults.closeWatches();
    },
  },
];

/** Only where the cluster asks for a token. */
export const TOKEN_FAULTS: readonly Fault[] = [
  {
    ...API,
    name: 'token expired',
    alone: true,
    lights: RED,
    begin({ cluster: { faults } }) {
      faults.expireToken();
      faults.closeWatches();
    },
    end: ({ cluster }) => cluster.faults.issueToken(),
  },
];
