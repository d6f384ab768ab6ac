import type { AccessSettings } from './settings.js';

/** Everything is allowed, without a limit. */
export const OPEN_ACCESS: AccessSettings = {
  heartbeatToken: undefined,
  login: undefined,
  trustedProxies: [],
  rateLimitPerSecond: 1_000_000,
  connectionsPerClient: 1_000_000,
  streamsPerClient: 1_000_000,
};
