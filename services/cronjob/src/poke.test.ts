import { expect, test } from 'vitest';
import { answering, startFakeMonitor } from './monitor.test.helpers.js';
import { createPoker } from './poke.js';

function newPoker(monitorUrl: string, timeoutMs = 10_000) {
  return createPoker({ monitorUrl, tlsVerify: true, timeoutMs });
}

test.each(['success', 'fail', 'no logs for more than 5 minutes'])(
  'the answer "%s" is an answer',
  async (status) => {
    const poker = newPoker(await startFakeMonitor(answering(status)));
    expect(await poker.poke()).toBe(status);
  },
);

test('a poke asks for everything, below the path of the monitor', async () => {
  const asked: string[] = [];
  const url = await startFakeMonitor((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{"status":"success"}');
  });
  await newPoker(`${url}/monitor`).poke();
  expect(asked).toEqual(['GET /monitor/podips/all']);
});

test.each([
  ['an error of a proxy', 502, '{"status":"success"}'],
  ['a redirect', 302, ''],
  ['a page', 200, '<html></html>'],
  ['JSON without a status', 200, '{"ack":1}'],
  ['JSON that is no object', 200, 'null'],
  ['an endless text', 200, 'x'.repeat(100_000)],
])('%s is no answer', async (_what, statusCode, body) => {
  const url = await startFakeMonitor((_request, response) => {
    response.writeHead(statusCode).end(body);
  });
  await expect(newPoker(url).poke()).rejects.toMatchObject({ code: 'POKE_FAILED', retryable: true });
});

test('a monitor that accepts the request and says nothing is no answer after the deadline', async () => {
  const url = await startFakeMonitor(() => undefined);
  await expect(newPoker(url, 100).poke()).rejects.toMatchObject({ cause: { name: 'TimeoutError' } });
});

test('an answer that does not end is no answer after the deadline', async () => {
  const url = await startFakeMonitor((_request, response) => {
    response.writeHead(200).write('{"status":');
  });
  await expect(newPoker(url, 100).poke()).rejects.toMatchObject({ cause: { name: 'TimeoutError' } });
});

test('a refused connection is no answer', async () => {
  await expect(newPoker('http://127.0.0.1:1').poke()).rejects.toMatchObject({
    code: 'POKE_FAILED',
    cause: { code: 'ECONNREFUSED' },
  });
});
