import { QueueSession } from '@podips/shared';
import { expect, onTestFinished, test } from 'vitest';
import { addressOrderOf, startMuteHost } from '../mute-host.js';
import { startBroker } from './broker.js';

test('a session is opened at the second address of a name whose first takes connections and stays mute', async () => {
  const broker = await startBroker({ host: '127.0.0.3' });
  onTestFinished(() => broker.stop());
  const mute = await startMuteHost('127.0.0.2', broker.port);
  onTestFinished(() => mute.stop());
  const addresses = addressOrderOf(['127.0.0.2', '127.0.0.3']);
  const attempt = (connectTimeoutMs: number) =>
    QueueSession.connect(
      {
        server: { host: 'queue.example', port: broker.port },
        username: '',
        password: '',
        heartbeatMs: 5_000,
        receiptTimeoutMs: 30_000,
        connectTimeoutMs,
      },
      undefined,
      addresses,
    );
  await expect(attempt(2_000)).rejects.toMatchObject({ code: 'QUEUE_CONNECT_TIMEOUT' });
  const session = await attempt(30_000);
  expect(mute.connections).toBe(1);
  await session.close();
});
