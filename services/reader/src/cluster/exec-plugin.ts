import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Authenticator } from '@kubernetes/client-node/dist/auth.js';
import { isFields } from './kubeconfig-files.js';

/** Not `exec`, which the library would take for its own: that waits for a plugin for ever, and starts one per request. */
export const EXEC_PROVIDER = 'podips-exec';
/** The whole life of a plugin: it asks a server of its cloud for a token. */
const PLUGIN_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_LENGTH = 1_048_576;
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

/** Without terminal and input; killed, with all that it has started, when it takes too long or says too much. */
async function runPlugin({ command, args, env = [] }: Plugin, timeoutMs: number): Promise<ExecStatus> {
  const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const child = spawn(command, args ?? [], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // as the leader of a process group: many plugins are scripts that start another program
  });
  const ended = Promise.withResolvers<string>();
  const fail = (why: string) => ended.reject(new Error(`the plugin ${command} ${why}`));
  const stop = (why: string) => {
    fail(why);
    killGroup(child);
  };
  const stdout = collect(child.stdout, stop);
  const stderr = collect(child.stderr, stop);
  child.on('error', (err) => fail(`cannot be started: ${'code' in err ? err.code : err.name}`));
  child.on('close', (code, signal) => {
    // The output may be half a token.
    if (code === 0) ended.resolve(stdout.text);
    else fail(`ended with ${code ?? signal}: ${stderr.text.trim().slice(0, MAX_REASON_LENGTH)}`);
  });
  const timer = setTimeout(() => stop(`did not end within ${timeoutMs} ms`), timeoutMs);
  try {
    const status = parseStatus(await ended.promise);
    if (status) return status;
    throw new Error(`the plugin ${command} printed no ExecCredential`);
  } finally {
    clearTimeout(timer);
  }
}

function collect(stream: Readable, stop: (why: string) => void): { readonly text: string } {
  const output = { text: '' };
  stream.setEncoding('utf8').on('data', (data: string) => {
    output.text += data;
    if (output.text.length > MAX_OUTPUT_LENGTH) stop(`printed more than ${MAX_OUTPUT_LENGTH} characters`);
  });
  return output;
}

function killGroup({ pid, stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): void {
  stdout.destroy();
  stderr.destroy();
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left, or it runs as another user: its request has failed all the same.
  }
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
