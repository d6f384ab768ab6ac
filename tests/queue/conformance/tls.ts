import { expect, it } from 'vitest';
import { SERVER_NAME } from './certificates.js';
import { collect, type Stage, until } from './stage.js';

/** Both sides verify each other. What is wrong is named by the setting that is to be changed. */
export function describeTls(stage: Stage): void {
  const right = () => {
    const { caFile, certFile, keyFile } = stage.certificates;
    return { caFile, certFile, keyFile, serverName: SERVER_NAME };
  };
  const queueWithTls = () => ({ ...stage.newQueue(), port: stage.broker.tlsPort ?? 0 });
  const refusal = (tls: ReturnType<typeof right> | object) =>
    expect(stage.connect(queueWithTls(), { tls })).rejects;

  it('carries messages over TLS, with a client certificate', async () => {
    const queue = queueWithTls();
    const session = await stage.connect(queue, { tls: right() });
    await session.send([{ destination: queue.name, body: 'secret' }]);
    const received = collect(session, queue, 1);
    await until(received, 1);
    expect(Buffer.from(received[0]?.body ?? []).toString()).toBe('secret');
  });

  it('is not trusted by another authority', async () => {
    await refusal({ ...right(), caFile: stage.certificates.otherCaFile }).toThrow(/QUEUE_TLS_CA_FILE/);
  });

  it('is not trusted without the name in its certificate', async () => {
    const { serverName: _, ...withoutName } = right();
    await refusal(withoutName).toThrow(/QUEUE_TLS_SERVER_NAME/);
  });

  it('refuses a client without a certificate', async () => {
    const { caFile, serverName } = right();
    await refusal({ caFile, serverName }).toThrow(/QUEUE_TLS_CERT_FILE/);
  });
}
