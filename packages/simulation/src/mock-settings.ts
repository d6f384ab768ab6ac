import {
  commonSpecs,
  type Environment,
  httpSpecs,
  integer,
  type LogLevel,
  type QueueSettings,
  queueSettings,
  queueSpecs,
  queueTls,
  readSettings,
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
  const settings = readSettings({ specs: mockSpecs, env, rules: queueTls.rules });
  return {
    logLevel: settings.LOG_LEVEL,
    queue: queueSettings(settings),
    statusDir: settings.STATUS_DIR,
  };
}

/** @throws {SettingsError} with every problem at once */
export function readMockProducerSettings(env: Environment = process.env): MockProducerSettings {
  const settings = readSettings({ specs: mockProducerSpecs, env, rules: queueTls.rules });
  return {
    logLevel: settings.LOG_LEVEL,
    queue: queueSettings(settings),
    statusDir: settings.STATUS_DIR,
    intervalMs: settings.MOCK_INTERVAL_MS,
  };
}

/** @throws {SettingsError} with every problem at once */
export function readMockClusterSettings(env: Environment = process.env): MockClusterSettings {
  const settings = readSettings({ specs: mockClusterSpecs, env });
  return {
    logLevel: settings.LOG_LEVEL,
    httpHost: settings.HTTP_HOST,
    httpPort: settings.HTTP_PORT,
    changesPerSecond: settings.MOCK_CHANGES_PER_SECOND,
    seed: settings.MOCK_SEED,
  };
}
