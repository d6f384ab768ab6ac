import {
  type About,
  collectProblems,
  commonSpecs,
  type Environment,
  httpSpecs,
  integer,
  type LogLevel,
  parseFlags,
  type QueueSettings,
  queueSettings,
  queueSpecs,
  queueTls,
  readSettings,
  SettingsError,
  statusDirSpecs,
} from '@podips/shared';
// Lets the compiler name the types of the specs below in its declarations.
import type {} from 'envalid';

export const mockSpecs = {
  LOG_LEVEL: commonSpecs.LOG_LEVEL,
  ...queueSpecs('mock-queue'),
  ...statusDirSpecs,
};

export const mockProducerSpecs = {
  ...mockSpecs,
  MOCK_INTERVAL_MS: integer(1, 3_600_000)({ default: 1_000, desc: 'time between two mock messages' }),
};

export const mockClusterSpecs = {
  LOG_LEVEL: commonSpecs.LOG_LEVEL,
  ...httpSpecs,
  MOCK_CHANGES_PER_SECOND: integer(
    1,
    500,
  )({ default: 5, desc: 'IP changes per second in the simulated cluster' }),
  MOCK_SEED: integer(0, 2 ** 31)({ default: 1, desc: 'the same seed makes the same simulated cluster' }),
};

const about = (name: string, summary: string, specs: About['specs']): About => ({
  name,
  summary,
  command: `node packages/simulation/dist/${name}/main.js`,
  ...(specs && { specs }),
});

export const mockProducerAbout = about(
  'mock-producer',
  'sends a message at an interval, to try out a queue',
  mockProducerSpecs,
);
export const mockConsumerAbout = about('mock-consumer', 'prints the messages that it receives', mockSpecs);
export const mockClusterAbout = about(
  'mock-cluster',
  'serves the API of a simulated cluster',
  mockClusterSpecs,
);

/** Programs without flags. */
function read<T>(settings: () => T, args: readonly string[] = process.argv.slice(2)): T {
  const problems: string[] = [];
  collectProblems(problems, () => parseFlags(args, {}));
  const values = collectProblems(problems, settings);
  if (values === undefined || problems.length > 0) throw new SettingsError(problems);
  return values;
}

export interface MockSettings {
  readonly logLevel: LogLevel;
  readonly queue: QueueSettings;
  readonly statusDir: string;
}

export interface MockProducerSettings extends MockSettings {
  readonly intervalMs: number;
}

export interface MockClusterSettings {
  readonly logLevel: LogLevel;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly changesPerSecond: number;
  readonly seed: number;
}

/** @throws {SettingsError} with every problem at once */
export function readMockSettings(env: Environment = process.env): MockSettings {
  const settings = read(() => readSettings({ specs: mockSpecs, env, rules: queueTls.rules }));
  return {
    logLevel: settings.LOG_LEVEL,
    queue: queueSettings(settings),
    statusDir: settings.STATUS_DIR,
  };
}

/** @throws {SettingsError} with every problem at once */
export function readMockProducerSettings(env: Environment = process.env): MockProducerSettings {
  const settings = read(() => readSettings({ specs: mockProducerSpecs, env, rules: queueTls.rules }));
  return {
    logLevel: settings.LOG_LEVEL,
    queue: queueSettings(settings),
    statusDir: settings.STATUS_DIR,
    intervalMs: settings.MOCK_INTERVAL_MS,
  };
}

/** @throws {SettingsError} with every problem at once */
export function readMockClusterSettings(env: Environment = process.env): MockClusterSettings {
  const settings = read(() => readSettings({ specs: mockClusterSpecs, env }));
  return {
    logLevel: settings.LOG_LEVEL,
    httpHost: settings.HTTP_HOST,
    httpPort: settings.HTTP_PORT,
    changesPerSecond: settings.MOCK_CHANGES_PER_SECOND,
    seed: settings.MOCK_SEED,
  };
}
