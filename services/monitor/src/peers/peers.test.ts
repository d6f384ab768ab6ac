import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NO_PROXIES } from '../proxy.js';
import { type Peers, type PeersOptions, startPeers } from './peers.js';

const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0);
const AT = '2026-01-31T12:00:00.000Z';
const HANGS_MS = 200;
const PATIENT_MS = 30_000;
const STATUS = {
  worst: 'yellow',
  headline: 'Queue read has been silent for more than 5 min.',
  operations: [{ name: 'Queue read', light: 'yellow' }],
};

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

const NO_MEMORY = { recall: () => undefined, remember: () => undefined };

function start(
  urls: Record<string, string>,
  timeoutMs = PATIENT_MS,
  memory: PeersOptions['memory'] = NO_MEMORY,
): Peers {
  const peers = startPeers({
    settings: {
      peers: Object.entries(urls).map(([name, url]) => ({ name, url, authorization: 'Basic bWU6c2VjcmV0' })),
      intervalMs: 10,
    },
    proxies: NO_PROXIES,
    memory,
    now: () => NOW_MS,
    log: createLogger('monitor', 'silent'),
    timeoutMs,
  });
  onTestFinished(() => peers.stop());
  return peers;
}

/** Answers questions by path; what is not there is answered as the original does, with 404. */
function answering(answers: Record<string, unknown>): RequestListener {
  return (request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer === undefined) response.writeHead(404).end('<h1>Not Found</h1>');
    else response.writeHead(200).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  };
}

const seen = (peers: Peers) =>
  vi.waitFor(() => {
    const [view] = peers.view();
    expect(view?.error).not.toBe('not queried yet');
    return view;
  });

test('a monitor that was not queried yet is shown as such', () => {
  expect(start({ north: 'http://127.0.0.1:1' }).view()).toEqual([
    {
      name: 'north',
      url: 'http://127.0.0.1:1',
      reachable: false,
      lastAnswerAt: null,
      light: null,
      headline: '',
      error: 'not queried yet',
      operations: [],
    },
  ]);
});

test('a monitor that does not answer after a restart is shown as it was last known', async () => {
  const report = { light: 'red' as const, headline: 'Fluentd write fails.', operations: [] };
  const recall = () => ({ atMs: NOW_MS, report });
  const peers = start({ north: 'http://127.0.0.1:1' }, PATIENT_MS, { ...NO_MEMORY, recall });
  expect(await seen(peers)).toMatchObject({
    reachable: false,
    lastAnswerAt: AT,
    light: 'red',
    headline: 'Fluentd write fails.',
    error: 'the connection is refused',
  });
});

test('a monitor that answers is shown with its worst light, its sentence and its operations', async () => {
  const asked: (string | undefined)[] = [];
  const url = await listen((request, response) => {
    asked.push(request.headers.authorization);
    answering({ '/base/api/v1/status': STATUS })(request, response);
  });
  const peers = start({ north: `${url}/base` });
  expect(await seen(peers)).toEqual({
    name: 'north',
    url: `${url}/base`,
    reachable: true,
    lastAnswerAt: AT,
    light: 'yellow',
    headline: STATUS.headline,
    error: null,
    operations: STATUS.operations,
  });
  expect(asked[0]).toBe('Basic bWU6c2VjcmV0');
});

test.each([
  ['knows no such question', {}],
  ['answers every question with a page', { '/api/v1/status': '<html></html>' }],
  ['answers every question with its status', { '/api/v1/status': { status: 'invalid operation' } }],
])('a monitor that %s is asked as podips 1.1', async (_what, answers) => {
  const url = await listen(answering({ ...answers, '/podips/all': { status: 'fail' } }));
  expect(await seen(start({ old: url }))).toMatchObject({
    reachable: true,
    light: 'red',
    error: null,
    operations: [],
  });
});

test('each answer is news, and each that does not come', async () => {
  let answer: RequestListener = answering({ '/api/v1/status': STATUS });
  const peers = start({ north: await listen((request, response) => answer(request, response)) });
  const news = vi.fn(() => peers.view()[0]?.reachable);
  peers.onNews(news);
  await vi.waitFor(() => expect(news).toHaveLastReturnedWith(true));
  answer = (_request, response) => response.writeHead(503).end();
  await vi.waitFor(() => expect(news).toHaveLastReturnedWith(false));
});

test('a monitor that stops answering keeps its last state, and comes back', async () => {
  let answer: RequestListener = answering({ '/api/v1/status': STATUS });
  const url = await listen((request, response) => answer(request, response));
  const peers = start({ north: url });
  await vi.waitFor(() => expect(peers.view()[0]?.reachable).toBe(true));
  answer = (_request, response) => response.writeHead(503).end();
  await vi.waitFor(() =>
    expect(peers.view()[0]).toMatchObject({
      reachable: false,
      lastAnswerAt: AT,
      light: 'yellow',
      headline: STATUS.headline,
      error: 'it answers with HTTP status 503',
    }),
  );
  answer = answering({ '/api/v1/status': STATUS });
  await vi.waitFor(() => expect(peers.view()[0]).toMatchObject({ reachable: true, error: null }));
});

const endless = (_request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200).write('{"worst":');
};
test.each<[string, RequestListener, string, number]>([
  ['takes the question and says nothing', () => undefined, 'no answer within 0.2 s', HANGS_MS],
  ['does not come to an end', endless, 'no answer within 0.2 s', HANGS_MS],
  ['says too much', (_q, answer) => answer.end('x'.repeat(2_000_000)), 'its answer is too long', PATIENT_MS],
  ['hangs up', (question) => question.socket.destroy(), 'the connection broke', PATIENT_MS],
  [
    'refuses the login',
    (_q, answer) => answer.writeHead(401).end(),
    'it refuses the login in OTHER_MONITORS',
    PATIENT_MS,
  ],
  [
    'sends elsewhere',
    (_q, answer) => answer.writeHead(302, { location: '/' }).end(),
    'it answers with HTTP status 302',
    PATIENT_MS,
  ],
  [
    'is something else',
    (_q, answer) => answer.end('<script>'),
    'the server is not a podips monitor',
    PATIENT_MS,
  ],
])('a monitor that %s is shown as silent', async (_what, listener, error, timeoutMs) => {
  const url = await listen(listener);
  expect(await seen(start({ north: url }, timeoutMs))).toMatchObject({
    reachable: false,
    light: null,
    error,
  });
});

test('a refused connection is shown as such', async () => {
  expect(await seen(start({ north: 'http://127.0.0.1:1' }))).toMatchObject({
    error: 'the connection is refused',
  });
});

test('a monitor that hangs holds up no other one, gets one question at a time, and no stop waits for it', async () => {
  let open = 0;
  const hanging = await listen(() => {
    open += 1;
  });
  const good = await listen(answering({ '/api/v1/status': STATUS }));
  const peers = start({ hanging, good });
  await vi.waitFor(() => expect(peers.view().map(({ reachable }) => reachable)).toEqual([false, true]));
  expect(peers.view().map(({ name }) => name)).toEqual(['hanging', 'good']);
  expect(open).toBeLessThanOrEqual(1);
  await peers.stop();
});
