// Plain JavaScript without dependencies: `pnpm bench` reads its command line before anything is installed.

/** All measurements, in the order of a run, each with the most minutes that it may take before it fails. */
export const MEASUREMENTS = {
  publish: 5,
  write: 5,
  latency: 3,
  memory: 5,
  idle: 5,
  ledger: 10,
  lookup: 10,
  monitor: 3,
  takeover: 6,
  questions: 15,
  workloads: 20,
  scale: 8,
  churn: 22,
};

const names = /** @type {(keyof typeof MEASUREMENTS)[]} */ (Object.keys(MEASUREMENTS));

export const benchAbout = /** @type {const} */ ({
  name: 'bench',
  summary: 'measures what the documents say of speed and memory, and records it in bench/RESULTS.md',
  command: 'npm run bench --',
  flags: {
    only: {
      type: 'choice',
      choices: names,
      multiple: true,
      value: ' X',
      desc: `only this measurement, of ${names.join(', ')}; may be given several times`,
    },
    quick: {
      type: 'boolean',
      desc: 'a little of each, to check that it runs; the figures are too rough to be judged or recorded',
    },
    'churn-seconds': {
      type: 'whole',
      value: ' N',
      min: 1,
      max: 600,
      default: 600,
      desc: 'how long the measurement churn makes a hundred changes a second',
    },
    database: {
      type: 'text',
      value: ' URL',
      desc: 'of one of ledger, lookup and workloads: postgresql://user:password@host:port/name, filled in if it is empty, and kept for the next run; ledger and lookup may share it',
    },
    leases: {
      type: 'whole',
      value: ' N',
      min: 1_000_000,
      max: 1_000_000_000,
      default: 10_000_000,
      desc: 'how many leases ledger, lookup and workloads are measured with',
    },
  },
});
