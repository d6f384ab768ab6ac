import { QueueSession, type ReceivedMessage } from '@podips/shared';

const SHORT = {
  username: '',
  password: '',
  heartbeatMs: 5_000,
  connectTimeoutMs: 2_000,
  receiptTimeoutMs: 5_000,
};

/** A session of the client that the services use, with deadlines fit for tests. */
export function openSession(
  port: number,
  options: Partial<Omit<Parameters<typeof QueueSession.connect>[0], 'server'>> = {},
): Promise<QueueSession> {
  return QueueSession.connect({ ...SHORT, ...options, server: { host: '127.0.0.1', port } });
}

export function bodyText(message: ReceivedMessage): string {
  return new TextDecoder().decode(message.body);
}
