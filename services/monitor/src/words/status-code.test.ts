import { expect, test } from 'vitest';
import { statusOf } from './status-code.js';

test.each<[number | null, string, string]>([
  [401, 'broker refused the login', '401'],
  [42, 'broker gone', '042'],
  [503, 'the server is currently unable to handle the request', '503'],
  [200, 'OK', '200'],
  [500, 'list of pods failed: etcdserver: leader changed', '500'],
  [401, 'token expired', '401'],
  [403, 'pods is forbidden: exceeded quota', '403'],
  [503, 'the server reported an error', '503'],
  [500, 'HTTP 500 Internal Server Error', '500'],
  [500, 'ERROR: permission denied', '500'],
  [500, 'read ECONNRESET', ''],
  [500, 'getaddrinfo ENOTFOUND queue', ''],
  [500, 'getaddrinfo EAI_AGAIN queue', ''],
  [500, 'connect ECONNREFUSED 10.96.14.3:61613', ''],
  [500, 'Connection terminated unexpectedly', ''],
  [504, 'no ack from Fluentd within 30 s', ''],
  [null, 'no heartbeat in time', ''],
])('the status %s of "%s" is shown as "%s"', (code, message, shown) => {
  expect(statusOf({ code, message })).toBe(shown);
});
