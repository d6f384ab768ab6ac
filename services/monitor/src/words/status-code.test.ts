import { expect, test } from 'vitest';
import { statusOf } from './status-code.js';

test.each<[number | null, string, string]>([
  [401, 'broker refused the login', '401'],
  [42, 'broker gone', '042'],
  [503, 'the server is currently unable to handle the request', '503'],
  [200, 'OK', '200'],
  [500, 'connect ECONNREFUSED 10.96.14.3:61613', ''],
  [500, 'Connection terminated unexpectedly', ''],
  [504, 'no ack from Fluentd within 30 s', ''],
  [null, 'no heartbeat in time', ''],
])('the status %s of "%s" is shown as "%s"', (code, message, shown) => {
  expect(statusOf({ code, message })).toBe(shown);
});
