// What the pictures of incidents show: each by what it changes in a chain that works.
import { BROKER_GONE } from './stage.mjs';

const DATABASE_GONE = 'connect ECONNREFUSED 10.96.3.3:5432';
const FORBIDDEN =
  'pods is forbidden: User "system:serviceaccount:podips:podips-reader" cannot watch resource "pods" at the cluster scope: it needs its ClusterRole, or WATCH_NAMESPACES';

/** As long as it may take until the page says what, since when and what waits. */
export const INCIDENT_MS = 32_000;

/** By name: the trouble of the chain, or what is stopped, and the sentence that the page then has. */
export const INCIDENTS = {
  'writer-frozen': {
    trouble: { silent: ['queue/read', 'log'], frozen: 'writer' },
    headline: 'no writer delivers them',
  },
  'broker-dead': {
    trouble: {
      fails: { 'queue/write': [503, BROKER_GONE], 'queue/read': [503, BROKER_GONE] },
      outbox: 1_716,
    },
    headline: 'The broker cannot be used',
  },
  'fluentd-dead': {
    trouble: {
      fails: { log: [503, 'connect ECONNREFUSED 10.96.20.8:24224'] },
      silent: ['queue/read'],
      frozen: 'delivery',
    },
    headline: 'Fluentd accepts no records',
  },
  'database-gone': {
    trouble: { ledger: { problem: DATABASE_GONE, migratingMs: null, pending: 160 } },
    stops: 'database',
    headline: 'The ledger cannot be used',
  },
  'reader-without-rights': {
    trouble: { fails: { kubernetes: [403, FORBIDDEN] } },
    headline: 'The API server refuses the reader',
  },
  'monitor-frozen': { stops: 'monitor', headline: 'This page is stale' },
};
