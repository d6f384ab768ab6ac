import { OPERATIONS, type Operation } from '@podips/shared';
import type { Light } from '../status/lights.js';
import type { OperationState } from '../status/tracker.js';
import type { Chain } from './rules.js';
import type { AlertSettings } from './settings.js';

/** No alerts. */
export const NO_ALERTS: AlertSettings = {
  mail: undefined,
  webhookUrls: [],
  slackUrls: [],
  requests: [],
  forMs: 0,
  repeatIntervalMs: 0,
  maxPerHour: 20,
  pageUrl: undefined,
  deadman: undefined,
};

/** An operation whose light is what it is since a moment, with a fitting heartbeat of that moment. */
export function stateOf(
  operation: Operation,
  light: Light,
  sinceMs: number,
  message?: string,
): OperationState {
  if (light === 'grey') return { light, sinceMs: undefined, heartbeat: undefined, ageMs: 0 };
  const code = light === 'red' ? 503 : 200;
  const heartbeat = {
    operation,
    code,
    message: message ?? (light === 'red' ? 'no connection' : 'OK'),
    receivedAtMs: sinceMs,
    remoteAddress: '10.0.0.1',
    host: 'node-1',
  };
  return { light, sinceMs, heartbeat, ageMs: 0 };
}

/** A chain that is green since ever, but for what is given. */
export function chainOf(changes: Partial<Record<Operation, OperationState>> = {}): Chain {
  const green = (operation: Operation) => changes[operation] ?? stateOf(operation, 'green', 0);
  const [kubernetes, write, read, log] = OPERATIONS;
  return {
    [kubernetes]: green(kubernetes),
    [write]: green(write),
    [read]: green(read),
    [log]: green(log),
  };
}
