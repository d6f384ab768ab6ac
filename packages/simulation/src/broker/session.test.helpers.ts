import { QueueSession, type ReceivedMessage } from '@podips/shared';

const PATIENT = {
  username: '',
  password: '',
  heartbeatMs: 5_000,
  connectTimeoutMs: 30_000,
  receiptTimeoutMs: 30_000,
};

/** A session of the client that the services use, as patient as tests are. */
export function openSession(
  port: number,
  options: Partial<Omit<Parameters<typeof QueueSession.connect>[0], 'server'>> = {},
): Promise<QueueSession> {
  return QueueSession.connect({ ...PATIENT, ...options, server: { host: '127.0.0.1', port } });
}

export function bodyText(message: ReceivedMessage): string {
  return new TextDecoder().decode(message.body);
}
