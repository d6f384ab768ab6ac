import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { toError } from '@podips/shared';
import { KubeError, TIMED_OUT, UNAUTHORIZED } from './kube-error.js';
import type { ActingUser } from './kubeconfig-user.js';

export interface Credentials {
  readonly headers: Record<string, string | string[]>;
  readonly tls: Record<string, unknown>;
}

/**
 * The headers and TLS options of a request, for each anew: tokens and certificates are rotated while the reader runs.
 * @throws {KubeError} KUBE_CREDENTIALS
 */
export function credentialsOf(
  config: KubeConfig,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<Credentials> {
  return within(readCredentials(config), deadlineMs, signal);
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const options: Parameters<KubeConfig['applyToHTTPSOptions']>[0] = {};
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value).trim();
  if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  // The library keeps the objects that it was given.
  const { impersonation = {} } = (config.getCurrentUser() ?? {}) as Partial<ActingUser>;
  for (const [name, value] of Object.entries(impersonation))
    headers[name] = typeof value === 'string' ? value : [...value];
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
