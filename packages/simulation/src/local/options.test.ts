import { expect, test } from 'vitest';
import { describePort } from '../../options.mjs';

test.each([
  ['EADDRINUSE', 'is taken'],
  ['EACCES', 'is not allowed to this user (EACCES)'],
  ['EADDRNOTAVAIL', 'cannot be used (EADDRNOTAVAIL)'],
])('a port with %s %s, and another one is named that every user may choose', async (code, what) => {
  const text = await describePort(80, code);
  expect(text).toContain(`port 80 ${what}; choose another one: npm start -- --port `);
  expect(Number(/--port (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(1_024);
});
