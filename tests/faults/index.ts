import { API_FAULTS, TOKEN_FAULTS } from './api-server.js';
import { BROKER_FAULTS, FROZEN_FOR_A_MINUTE, LOGIN_REFUSED } from './broker.js';
import { DATABASE_FAULTS } from './database.js';
import type { Fault } from './fault.js';
import { FLUENTD_FAULTS } from './fluentd.js';
import { PROCESS_FAULTS } from './processes.js';
import { CLOCK_FAULTS, DISK_FULL, MONITOR_FAULTS } from './surroundings.js';

/** Every fault that the suite makes, in the order in which data flows. */
export const ALL_FAULTS: readonly Fault[] = [
  ...API_FAULTS,
  ...TOKEN_FAULTS,
  ...BROKER_FAULTS,
  LOGIN_REFUSED,
  FROZEN_FOR_A_MINUTE,
  ...DATABASE_FAULTS,
  ...FLUENTD_FAULTS,
  ...PROCESS_FAULTS,
  ...MONITOR_FAULTS,
  DISK_FULL,
  ...CLOCK_FAULTS,
];
