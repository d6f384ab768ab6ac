import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { PodipsError, toError } from '@podips/shared';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';

/** The API server, or the way to it, failed. */
export class KubeError extends PodipsError {
  /** HTTP status, or the code of a Status object; 503 when there was no answer, 504 when a deadline passed. */
  readonly status: number;
  /** How long the server asks us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    details: { status: number; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(code, message, { retryable: true, cause: details.cause });
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The requested version or continue token is gone: only a new list can help. */
  get expired(): boolean {
    return this.status === GONE;
  }

  /** The server does not understand the requested version, and never will. */
  get unusable(): boolean {
    return this.status === BAD_REQUEST || this.status === UNPROCESSABLE;
  }
}

const BAD_REQUEST = 400;
const UNAUTHORIZED = 401;
const GONE = 410;
const UNPROCESSABLE = 422;
const TIMED_OUT = 504;

export interface KubeRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
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

export interface KubeClient {
  /**
   * GET below the API server's URL; the caller must read or destroy the body.
   * @throws {KubeError} for every status but 2xx, for a lost connection and a passed deadline
   */
  get(request: KubeRequest): Promise<Dispatcher.ResponseData['body']>;
  close(): Promise<void>;
}

/** A client that may also change something. */
export interface KubeEditor extends KubeClient {
  /** As `get`, for a request that changes something: after an error it may have been carried out all the same. */
  send(request: KubeWrite): Promise<Dispatcher.ResponseData['body']>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Shorter than the usual 60 s of load balancers that drop idle connections. */
const KEEP_ALIVE_PROBE_MS = 30_000;
const MAX_ERROR_BODY_BYTES = 16_384;

interface Credentials {
  readonly headers: Record<string, string>;
  readonly tls: Record<string, unknown>;
}

/**
 * A client for the cluster of a kubeconfig. Address, TLS and credentials (with token refresh and exec plugins) are
 * the library's; connections are ours, because the library opens a new one for each request.
 */
export function createKubeClient(kubeConfig: KubeConfig): KubeEditor {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster)
    throw new KubeError('KUBE_NO_CLUSTER', 'the kubeconfig names no current cluster', { status: 503 });
  let dispatcher: { readonly key: string; readonly agent: Dispatcher } | undefined;

  const dispatcherFor = async (tls: Record<string, unknown>): Promise<Dispatcher> => {
    const key = JSON.stringify(tls);
    if (dispatcher?.key === key) return dispatcher.agent;
    // Certificates were rotated. Requests under way keep the old connections until they end.
    void dispatcher?.agent.close();
    const connect = {
      ...tls,
      timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    };
    const agent = cluster.proxyUrl
      ? new ProxyAgent({ uri: cluster.proxyUrl, requestTls: connect })
      : new Agent({ connect });
    dispatcher = { key, agent };
    return agent;
  };

  const ask = async (
    { path, query, headersDeadlineMs, bodyIdleMs, signal }: KubeRequest,
    write?: Pick<KubeWrite, 'method' | 'object'>,
  ) => {
    const url = `${cluster.server.replace(/\/+$/, '')}${path}?${new URLSearchParams(query)}`;
    try {
      const { headers, tls } = await within(readCredentials(kubeConfig), headersDeadlineMs, signal);
      const contentType = write && { 'content-type': 'application/json' };
      const response = await request(url, {
        dispatcher: await dispatcherFor(tls),
        method: write?.method ?? 'GET',
        headers: { accept: 'application/json', 'user-agent': 'podips-reader', ...contentType, ...headers },
        body: write ? JSON.stringify(write.object) : null,
        headersTimeout: headersDeadlineMs,
        bodyTimeout: bodyIdleMs,
        signal,
      });
      if (response.statusCode >= 300) throw await errorOfResponse(response);
      return response.body;
    } catch (err) {
      throw err instanceof KubeError ? err : errorOfConnection(toError(err));
    }
  };

  return {
    get: (request) => ask(request),
    send: (request) => ask(request, request),
    async close() {
      await dispatcher?.agent.destroy();
    },
  };
}

async function readCredentials(kubeConfig: KubeConfig): Promise<Credentials> {
  // Read for each request: tokens and certificates are rotated while the reader runs.
  const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
  await kubeConfig.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value).trim();
  if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tls = Object.entries({
    ca: options.ca,
    cert: options.cert,
    key: options.key,
    pfx: options.pfx,
    passphrase: options.passphrase,
    servername: options.servername,
    rejectUnauthorized: options.rejectUnauthorized,
  }).filter(([, value]) => value !== undefined);
  return { headers, tls: Object.fromEntries(tls) };
}

/** A plugin that hands out credentials may hang, and cannot be interrupted. */
async function within<T>(work: Promise<T>, deadlineMs: number, signal: AbortSignal): Promise<T> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const late = Promise.withResolvers<never>();
  const onAbort = () => late.reject(deadline.reason);
  deadline.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } catch (cause) {
    const text = `no credentials for the API server: ${toError(cause).message}`;
    const status = deadline.aborted ? TIMED_OUT : UNAUTHORIZED;
    throw new KubeError('KUBE_CREDENTIALS', text, { status, cause });
  } finally {
    deadline.removeEventListener('abort', onAbort);
  }
}

async function errorOfResponse(response: Dispatcher.ResponseData): Promise<KubeError> {
  const { statusCode: status } = response;
  const text = (await readAtMost(response.body, MAX_ERROR_BODY_BYTES)).text.trim();
  const retryAfter = Number(response.headers['retry-after']);
  return new KubeError('KUBE_REFUSED', `the API server answered ${status}: ${statusMessage(text)}`, {
    status,
    retryAfterMs: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1_000 : undefined,
  });
}

/** The first bytes of a body; what is beyond is dropped together with the connection. */
export async function readAtMost(
  body: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) break;
  }
  return { text: Buffer.concat(chunks).toString('utf8', 0, limit), whole: length <= limit };
}

function statusMessage(body: string): string {
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch (err) {
    // Not a Status object: proxies and load balancers answer with text or HTML.
    if (!(err instanceof SyntaxError)) throw err;
  }
  return body.slice(0, 200) || 'no reason given';
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
