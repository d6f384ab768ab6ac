import { isDeepStrictEqual } from 'node:util';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { AddressOrder, toError } from '@podips/shared';
import { type Dispatcher, request } from 'undici';
import { BodyBuffer } from './body-buffer.js';
import { Connections } from './connections.js';
import { type Credentials, credentialsOf } from './credentials.js';
import { encodingOf } from './encoding.js';
import { fields } from './fields.js';
import { withoutCaches } from './kube-config.js';
import { KubeError, TIMED_OUT, UNAUTHORIZED } from './kube-error.js';
import { WireError } from './protobuf/wire-reader.js';

export { KubeError } from './kube-error.js';

export interface KubeRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The types that are understood, the best first; by default JSON alone. */
  readonly accept?: string | undefined;
  /** From the first packet to the response's headers, in milliseconds. */
  readonly headersDeadlineMs: number;
  /** Longest silence inside the body, in milliseconds. */
  readonly bodyIdleMs: number;
  readonly signal: AbortSignal;
}

export interface KubeWrite extends KubeRequest {
  readonly method: 'POST' | 'PUT';
  /** Sent as JSON. */
  readonly object: unknown;
}

/** An answer of the API server; its receiver must read or destroy the body. */
export interface KubeAnswer {
  /** Empty when the server does not say it. */
  readonly contentType: string;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface KubeClient {
  /**
   * GET below the API server's URL.
   * @throws {KubeError} for every status but 2xx, for a lost connection and a passed deadline
   */
  get(request: KubeRequest): Promise<KubeAnswer>;
  close(): Promise<void>;
}

/** A client that may also change something. */
export interface KubeEditor extends KubeClient {
  /** As `get`, for a request that changes something: after an error it may have been carried out all the same. */
  send(request: KubeWrite): Promise<KubeAnswer>;
}

const MAX_ERROR_BODY_BYTES = 16_384;

/** Learns the time of the API server from its answers: see `ReaderClock`. */
export interface AnswerClock {
  /** The moment of a question. */
  asked(): number;
  answered(date: unknown, askedMs: number): void;
}

export interface KubeClientOptions {
  readonly addresses?: AddressOrder;
  readonly clock?: AnswerClock;
}

/**
 * A client for the cluster of a kubeconfig. Address, TLS and credentials (with token refresh and exec plugins) are
 * the library's; connections are ours, because the library opens a new one for each request.
 */
export function createKubeClient(
  kubeConfig: KubeConfig,
  { addresses = new AddressOrder(), clock }: KubeClientOptions = {},
): KubeEditor {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster)
    throw new KubeError('KUBE_NO_CLUSTER', 'the kubeconfig names no current cluster', { status: 503 });
  const connections = new Connections(cluster.proxyUrl, addresses);
  let config = kubeConfig;

  const ask = async (asked: KubeRequest, write?: Pick<KubeWrite, 'method' | 'object'>) => {
    const { path, query, accept = 'application/json', headersDeadlineMs, bodyIdleMs, signal } = asked;
    const url = `${cluster.server.replace(/\/+$/, '')}${path}?${new URLSearchParams(query)}`;
    const contentType = write && { 'content-type': 'application/json' };
    const common = { accept, 'user-agent': 'podips-reader', ...contentType };
    const credentials = () => credentialsOf(config, headersDeadlineMs, signal);
    const send = async ({ tls, headers }: Credentials) => {
      const askedMs = clock?.asked() ?? 0;
      const response = await request(url, {
        dispatcher: connections.dispatcherFor(tls),
        method: write?.method ?? 'GET',
        headers: { ...common, ...headers },
        body: write ? JSON.stringify(write.object) : null,
        headersTimeout: headersDeadlineMs,
        bodyTimeout: bodyIdleMs,
        signal,
      });
      if (response.statusCode < 300) clock?.answered(response.headers.date, askedMs);
      return response;
    };
    const { address } = connections;
    const used = config;
    try {
      const shown = await credentials();
      let response = await send(shown);
      if (response.statusCode === UNAUTHORIZED) {
        // A token is kept for a minute, or until it expires; what was refused is read again at once, once for all.
        if (config === used) config = withoutCaches(used);
        const renewed = await credentials();
        if (!isDeepStrictEqual(renewed, shown)) {
          await response.body.dump();
          response = await send(renewed);
        }
      }
      if (response.statusCode >= 300) throw await errorOfResponse(response);
      return { contentType: contentTypeOf(response), body: response.body };
    } catch (err) {
      if (err instanceof KubeError) throw err;
      const error = errorOfConnection(toError(err));
      if (error.status === TIMED_OUT) connections.avoid(address);
      throw error;
    }
  };

  return {
    get: (asked) => ask(asked),
    send: (asked) => ask(asked, asked),
    close: () => connections.close(),
  };
}

async function errorOfResponse(response: Dispatcher.ResponseData): Promise<KubeError> {
  const { statusCode: status } = response;
  const { bytes } = await new BodyBuffer().read(response.body, MAX_ERROR_BODY_BYTES);
  const retryAfter = Number(response.headers['retry-after']);
  return new KubeError(
    'KUBE_REFUSED',
    `the API server answered ${status}: ${statusMessage(contentTypeOf(response), bytes)}`,
    {
      status,
      retryAfterMs: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1_000 : undefined,
    },
  );
}

function contentTypeOf({ headers }: Dispatcher.ResponseData): string {
  return String(headers['content-type'] ?? '');
}

function statusMessage(contentType: string, body: Buffer): string {
  try {
    const { message } = fields(encodingOf(contentType).decode(body));
    if (typeof message === 'string') return message;
  } catch (err) {
    // Not a Status object: proxies and load balancers answer with text or HTML.
    if (!(err instanceof SyntaxError || err instanceof WireError)) throw err;
  }
  return body.toString().trim().slice(0, 200) || 'no reason given';
}

function errorOfConnection(cause: Error): KubeError {
  // The first is the abort of a deadline, the second a timeout of undici or of the socket.
  const timedOut =
    cause.name === 'TimeoutError' || ('code' in cause && String(cause.code).includes('TIMEOUT'));
  return new KubeError(
    timedOut ? 'KUBE_TIMEOUT' : 'KUBE_UNREACHABLE',
    `the API server ${timedOut ? 'did not answer in time' : 'cannot be reached'}: ${cause.message}`,
    { status: timedOut ? TIMED_OUT : 503, cause },
  );
}
