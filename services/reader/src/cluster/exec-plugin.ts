import { execFile } from 'node:child_process';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import { isFields } from './kubeconfig-files.js';

/** Not `exec`, which the library would take for its own: that waits for a plugin for ever, and starts one per request. */
export const EXEC_PROVIDER = 'podips-exec';
/** The whole life of a plugin: it asks a server of its cloud for a token. */
const PLUGIN_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1_048_576;
const MAX_REASON_LENGTH = 500;

/** The `exec` of a kubeconfig's user, with absolute paths. */
interface Plugin {
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}

/** The `status` of an ExecCredential (client.authentication.k8s.io/v1). */
interface ExecStatus {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** Shows what the plugin of a kubeconfig's user hands out, until it expires; all requests wait for the same plugin. */
export class ExecAuthenticator implements Authenticator {
  readonly #timeoutMs: number;
  #running: Promise<ExecStatus> | undefined;
  #status: ExecStatus | undefined;

  constructor(timeoutMs = PLUGIN_TIMEOUT_MS) {
    this.#timeoutMs = timeoutMs;
  }

  isAuthProvider(user: { readonly authProvider?: { readonly name?: unknown } }): boolean {
    return user.authProvider?.name === EXEC_PROVIDER;
  }

  async applyAuthentication(
    user: { readonly authProvider?: { readonly config: Plugin } },
    options: { headers?: unknown; cert?: unknown; key?: unknown },
  ): Promise<void> {
    if (!user.authProvider) return;
    const { token, clientCertificateData, clientKeyData } = await this.#current(user.authProvider.config);
    if (clientCertificateData) options.cert = clientCertificateData;
    if (clientKeyData) options.key = clientKeyData;
    if (token) options.headers = { ...(options.headers ?? {}), Authorization: `Bearer ${token}` };
  }

  async #current(plugin: Plugin): Promise<ExecStatus> {
    if (this.#status && !hasExpired(this.#status)) return this.#status;
    this.#running ??= runPlugin(plugin, this.#timeoutMs).finally(() => {
      this.#running = undefined;
    });
    this.#status = await this.#running;
    return this.#status;
  }
}

function hasExpired({ expirationTimestamp }: ExecStatus): boolean {
  return expirationTimestamp !== undefined && !(Date.parse(expirationTimestamp) > Date.now());
}

/** Without terminal and input; killed when it takes too long or says too much. */
function runPlugin({ command, args, env = [] }: Plugin, timeoutMs: number): Promise<ExecStatus> {
  const { promise, resolve, reject } = Promise.withResolvers<ExecStatus>();
  const fail = (why: string) => reject(new Error(`the plugin ${command} ${why}`));
  const options = {
    env: { ...process.env, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
  } as const;
  const child = execFile(command, args ?? [], options, (err, stdout, stderr) => {
    const status = err ? undefined : parseStatus(stdout);
    if (status) resolve(status);
    // The error's own message has the arguments, and the output may be half a token.
    else if (!err) fail('printed no ExecCredential');
    else if (typeof err.code === 'string') fail(`failed: ${err.code}`);
    else if (err.killed) fail(`did not end within ${timeoutMs} ms`);
    else fail(`ended with ${err.code ?? err.signal}: ${stderr.trim().slice(0, MAX_REASON_LENGTH)}`);
  });
  child.stdin?.end();
  return promise;
}

function parseStatus(output: string): ExecStatus | undefined {
  try {
    const credential: unknown = JSON.parse(output);
    return isFields(credential) && isFields(credential.status) ? credential.status : undefined;
  } catch (err) {
    if (err instanceof SyntaxError) return undefined;
    throw err;
  }
}
