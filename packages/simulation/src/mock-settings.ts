import {
  commonSpecs,
  type Environment,
  integer,
  type LogLevel,
  type QueueSettings,
  queueSettings,
  queueSpecs,
  readSettings,
} from '@podips/shared';
// Lets the compiler name the types of the specs below in its declarations.
import type {} from 'envalid';

export const mockSpecs = { LOG_LEVEL: commonSpecs.LOG_LEVEL, ...queueSpecs('mock-queue') };

export const mockProducerSpecs = {
  ...mockSpecs,
  MOCK_INTERVAL_MS: integer(1, 3_600_000)({ default: 1_000, desc: 'time between two mock messages' }),
};

export interface MockSettings {
  readonly logLevel: LogLevel;
  readonly queue: QueueSettings;
}

export interface MockProducerSettings extends MockSettings {
  readonly intervalMs: number;
}

/** @throws {SettingsError} with every problem at once */
export function readMockSettings(env: Environment = process.env): MockSettings {
  const settings = readSettings({ specs: mockSpecs, env });
  return { logLevel: settings.LOG_LEVEL, queue: queueSettings(settings) };
}

/** @throws {SettingsError} with every problem at once */
export function readMockProducerSettings(env: Environment = process.env): MockProducerSettings {
  const settings = readSettings({ specs: mockProducerSpecs, env });
  return {
    logLevel: settings.LOG_LEVEL,
    queue: queueSettings(settings),
    intervalMs: settings.MOCK_INTERVAL_MS,
  };
}
