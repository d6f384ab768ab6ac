import { explainConnectionError } from './connection-error.js';
import { QueueError } from './errors.js';
import type { QueueServer } from './settings/queue-settings.js';

export function closedByUs(): QueueError {
  return new QueueError('QUEUE_CLOSED', 'the connection was closed', { retryable: true });
}

export function connectTimeout({ host, port }: QueueServer, timeoutMs: number): QueueError {
  const text = `${host}:${port} did not answer within ${timeoutMs} ms`;
  return new QueueError('QUEUE_CONNECT_TIMEOUT', text, { retryable: true });
}

export function receiptTimeout(timeoutMs: number): QueueError {
  return new QueueError('QUEUE_RECEIPT_TIMEOUT', `no receipt within ${timeoutMs} ms`, { retryable: true });
}

export function frameTooLong({ host, port }: QueueServer, maxBytes: number): QueueError {
  const text = `${host}:${port} sent a frame of more than ${maxBytes} bytes: a message that long is on the queue, or it is no broker`;
  return new QueueError('QUEUE_FRAME_TOO_LONG', text, { retryable: true });
}

/** @param reason the broker's, in an ERROR frame */
export function refused({ host, port }: QueueServer, reason: string): QueueError {
  return new QueueError('QUEUE_REFUSED', `${host}:${port} refused: ${reason}`, { retryable: true });
}

/** @param contradiction between the settings and what the broker says */
export function wrongBroker({ host, port }: QueueServer, contradiction: string): QueueError {
  return new QueueError('QUEUE_WRONG_BROKER', `${host}:${port}: ${contradiction}`, { retryable: true });
}

/** @param stage what the connection had got to */
export function connectionFailed(
  { host, port }: QueueServer,
  cause: Error,
  stage: 'plain' | 'tls' | 'logged in',
): QueueError {
  const text = explainConnectionError(cause, 'QUEUE') || 'no reason given';
  const hint = / ended |end of stream/.test(cause.message) ? HINTS[stage] : '';
  return new QueueError('QUEUE_CONNECTION_FAILED', `connection to ${host}:${port} failed: ${text}${hint}`, {
    retryable: true,
    cause,
  });
}

/** Brokers close a connection that is not as they expect it without a word. */
const HINTS = {
  plain: ' before the answer to CONNECT; if that is a port for TLS, see QUEUE_TLS',
  tls: ' before the answer to CONNECT; that is no port for TLS, or the broker expects a client certificate (see QUEUE_TLS_CERT_FILE)',
  'logged in': '',
} as const;
