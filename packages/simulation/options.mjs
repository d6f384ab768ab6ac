// Plain JavaScript without dependencies: `npm start` and its like read their command lines before anything is installed.
import { createServer } from 'node:net';
import { readFlags } from '../shared/flags.mjs';

const localFlags = {
  chaos: { type: 'boolean', desc: 'stop and restart queue, Fluentd and database, one after the other' },
  calm: { type: 'boolean', desc: 'without the workloads that are sick, roll out and scale' },
  rate: { type: 'whole', value: ' N', min: 1, max: 500, default: 5, desc: 'IP changes a second' },
  seed: { type: 'whole', value: ' N', min: 0, max: 2 ** 31, default: 1, desc: 'same seed, same cluster' },
  port: { type: 'whole', value: ' N', min: 1, max: 65_535, default: 8080, desc: 'port of the dashboard' },
};

export const localAbout = {
  name: 'local run',
  summary: 'runs all of podips on this machine, against a simulated cluster',
  command: 'npm start --',
  flags: localFlags,
};

const tortureFlags = {
  minutes: { type: 'number', value: ' N', default: 2, desc: 'how long it takes' },
  seed: { type: 'whole', value: ' N', min: 1, max: 2 ** 31, default: 1, desc: 'same seed, same failures' },
};

export const tortureAbout = {
  name: 'torture',
  summary:
    'makes one failure after the other at random, and checks that nothing is lost and nothing untrue is said',
  command: 'npm run torture --',
  flags: tortureFlags,
};

/** What the local run needs to know, and all that is wrong with it, so that nothing is started, or installed, in vain. */
export async function readLocalOptions(args) {
  const { values, problems } = readFlags(args, localFlags);
  const code = await failureOf(values.port);
  return {
    values,
    problems: code === undefined ? problems : [...problems, await describePort(values.port, code)],
  };
}

/** A server there, perhaps of another local run, would be taken for ours. */
export async function describePort(port, code) {
  let free = Math.max(port, FIRST_OF_ALL_USERS - 1) + 1;
  while (free < 65_535 && (await failureOf(free)) !== undefined) free += 1;
  const what =
    code === 'EADDRINUSE'
      ? 'is taken'
      : code === 'EACCES'
        ? 'is not allowed to this user (EACCES)'
        : `cannot be used (${code})`;
  return `port ${port} ${what}; choose another one: npm start -- --port ${free}`;
}

/** Ports below need a privilege on many machines. */
const FIRST_OF_ALL_USERS = 1_024;

/** The code of the error with which a server cannot listen there; undefined: it can. */
function failureOf(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }) => resolve(code));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}
