import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Certificate,
  type CertificateAuthority,
  createAuthority,
  type SinkOptions,
  type SinkSecurity,
  type SinkTls,
  startSink,
} from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { countLeft, enqueue, newQueue, podMessages } from '../support/pod-queue.js';
import { startTestWriter, writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 20;
const PROBES = 3;

const KEY: SinkSecurity = { selfHostname: 'fluentd-1', sharedKey: 'key' };
const USER: SinkSecurity = { ...KEY, users: { podips: 'secret' } };
const FLUENT_BIT = { like: 'fluent-bit' } as const;
const WITH_KEY = { LOG_SHARED_KEY: 'key' };
const WITH_USER = { ...WITH_KEY, LOG_USERNAME: 'podips', LOG_PASSWORD: 'secret' };

let dir: string;
const path = (name: string) => join(dir, name);
let authority: CertificateAuthority;
const certificates = new Map<string, Certificate>();
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-fluentd-'));
  authority = await createAuthority();
  certificates.set('usual', await authority.forServer(['localhost']));
  certificates.set('named', await authority.forServer(['fluentd.example'], false));
  certificates.set('expired', await authority.expiredForServer(['localhost']));
  const client = await authority.forClient('podips-writer');
  const stranger = await (await createAuthority('another CA')).forClient('podips-writer');
  await writeFile(path('ca.crt'), authority.caPem);
  await writeFile(path('client.crt'), client.certPem);
  await writeFile(path('client.key'), client.keyPem);
  await writeFile(path('stranger.crt'), stranger.certPem);
  await writeFile(path('stranger.key'), stranger.keyPem);
});
afterAll(() => rm(dir, { recursive: true }));

/** A TLS server with one of the certificates. */
function tls(name = 'usual', clientCerts = false): SinkTls {
  const certificate = certificates.get(name);
  if (certificate === undefined) throw new Error(`no certificate ${name}`);
  return { ...certificate, ...(clientCerts && { clientCaPem: authority.caPem }) };
}
const withTls = (env: Record<string, string> = {}) => ({
  LOG_TLS: 'true',
  LOG_TLS_CA_FILE: path('ca.crt'),
  ...env,
});
const withCertificate = (name: string) =>
  withTls({ LOG_TLS_CERT_FILE: path(`${name}.crt`), LOG_TLS_KEY_FILE: path(`${name}.key`) });

/** A Fluentd of this kind, a writer with these settings, and messages on the queue. */
async function start(options: SinkOptions, env: Record<string, string>) {
  const queue = newQueue();
  const sink = await startSink(options);
  onTestFinished(() => sink.stop());
  const writer = await startTestWriter({ ...writerEnvironment(queue, sink.port), ...env });
  onTestFinished(() => writer.stop());
  await enqueue(queue, podMessages(MESSAGES));
  return { queue, sink, writer };
}

type Case = readonly [string, () => { sink: SinkOptions; env: Record<string, string> }];

describe('a writer delivers, and its probes are nothing that Fluentd warns of,', () => {
  it.each<Case>([
    ['without anything', () => ({ sink: {}, env: {} })],
    ['with a shared key', () => ({ sink: { security: KEY }, env: WITH_KEY })],
    ['with a shared key and a user', () => ({ sink: { security: USER }, env: WITH_USER })],
    [
      'with the shared key of Fluent Bit',
      () => ({ sink: { security: { ...KEY, ...FLUENT_BIT } }, env: WITH_KEY }),
    ],
    ['with a user of Fluent Bit', () => ({ sink: { security: { ...USER, ...FLUENT_BIT } }, env: WITH_USER })],
    ['with TLS', () => ({ sink: { tls: tls() }, env: withTls() })],
    [
      'with TLS to another name',
      () => ({ sink: { tls: tls('named') }, env: withTls({ LOG_TLS_SERVER_NAME: 'fluentd.example' }) }),
    ],
    [
      'with TLS, a client certificate, a shared key and a user',
      () => ({
        sink: { tls: tls('usual', true), security: USER },
        env: { ...withCertificate('client'), ...WITH_USER },
      }),
    ],
  ])('%s', async (_, given) => {
    const { sink: options, env } = given();
    const { queue, sink, writer } = await start(options, env);
    await vi.waitFor(async () => expect(await writer.metric('written_total')).toBe(MESSAGES), PATIENCE);
    const probed = sink.connections;
    await vi.waitFor(() => expect(sink.connections).toBeGreaterThanOrEqual(probed + PROBES), PATIENCE);
    expect((await writer.readiness()).problems).toEqual({});
    expect(sink.warnings).toEqual([]);
    await writer.stop();
    expect([sink.received, sink.duplicates, await countLeft(queue)]).toEqual([MESSAGES, 0, 0]);
  });
});

describe('a writer says what is wrong, and all messages stay on the queue,', () => {
  it.each<readonly [...Case, RegExp]>([
    [
      'without the shared key',
      () => ({ sink: { security: KEY }, env: {} }),
      /asks for a shared key, but LOG_SHARED_KEY is not set/,
    ],
    [
      'with another shared key',
      () => ({ sink: { security: KEY }, env: { LOG_SHARED_KEY: 'another' } }),
      /refuses the login: shared_key mismatch/,
    ],
    [
      'with another shared key of Fluent Bit, which hangs up',
      () => ({ sink: { security: { ...KEY, ...FLUENT_BIT } }, env: { LOG_SHARED_KEY: 'another' } }),
      /closed instead of an answer to the login/,
    ],
    [
      'with another password',
      () => ({ sink: { security: USER }, env: { ...WITH_USER, LOG_PASSWORD: 'another' } }),
      /refuses the login: username\/password mismatch/,
    ],
    [
      'without a user',
      () => ({ sink: { security: USER }, env: WITH_KEY }),
      /refuses the login: username\/password mismatch/,
    ],
    [
      'with TLS of an unknown authority',
      () => ({ sink: { tls: tls() }, env: { LOG_TLS: 'true' } }),
      /unable to verify the first certificate/,
    ],
    [
      'with TLS of another name',
      () => ({ sink: { tls: tls('named') }, env: withTls() }),
      /does not match certificate's altnames/,
    ],
    [
      'with TLS that has expired',
      () => ({ sink: { tls: tls('expired') }, env: withTls() }),
      /certificate has expired/,
    ],
    [
      'without the client certificate',
      () => ({ sink: { tls: tls('usual', true) }, env: withTls() }),
      /certificate required|closed|ECONNRESET/,
    ],
    [
      "with a stranger's client certificate and the right key",
      () => ({
        sink: { tls: tls('usual', true), security: KEY },
        env: { ...withCertificate('stranger'), ...WITH_KEY },
      }),
      /unknown ca|closed|ECONNRESET/,
    ],
    [
      'without TLS',
      () => ({ sink: { tls: tls() }, env: {} }),
      /its answer is TLS, but LOG_TLS is not true|closed/,
    ],
  ])('%s', async (_, given, problem) => {
    const { sink: options, env } = given();
    const { queue, sink, writer } = await start(options, env);
    await vi.waitFor(
      async () => expect((await writer.readiness()).problems.fluentd).toMatch(problem),
      PATIENCE,
    );
    await writer.stop();
    expect([sink.received, await countLeft(queue)]).toEqual([0, MESSAGES]);
  });
});
