import { readFileSync } from 'node:fs';
import { CliError, EXIT } from './exit.js';
import { describeFileError } from './file-error.js';
import { createMonitorClient, type MonitorClient } from './monitor-client.js';
import { startPortForward } from './port-forward.js';
import type { Terminal } from './terminal.js';

const DEFAULT_URL = 'http://127.0.0.1:8080';
const DEFAULT_NAMESPACE = 'podips';

/** How a person says where the monitor is. */
export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly caFile?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
  /** It was called as a plugin of kubectl: without a URL, the cluster of the current context is meant. */
  readonly isPlugin: boolean;
}

/** Runs work with a client of the monitor, and ends what it needed. @throws {CliError} */
export async function withMonitor<T>(
  options: ConnectionOptions,
  terminal: Pick<Terminal, 'env' | 'signal'>,
  work: (client: MonitorClient) => Promise<T>,
): Promise<T> {
  const { env, signal } = terminal;
  const given = options.url ?? env.PODIPS_URL;
  const { context, namespace } = options;
  if (options.url !== undefined && (context ?? namespace) !== undefined)
    throw new CliError(EXIT.usage, 'give either --url, or --context and --namespace');
  const isForward = (context ?? namespace) !== undefined || (given === undefined && options.isPlugin);
  const forward = isForward
    ? await startPortForward({ context, namespace: namespace ?? DEFAULT_NAMESPACE })
    : undefined;
  try {
    const url = forward?.url ?? parseUrl(given ?? DEFAULT_URL);
    const user = options.user ?? env.PODIPS_USER ?? (decodeURIComponent(url.username) || undefined);
    const client = createMonitorClient(
      {
        url: new URL(url.pathname, url.origin),
        user,
        password: passwordOf(options, env, url),
        caFile: options.caFile ?? env.PODIPS_CA_FILE,
      },
      signal,
    );
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  } finally {
    await forward?.stop();
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new CliError(
      EXIT.usage,
      `the address of the monitor must be a URL such as https://podips.example.com, but is ${JSON.stringify(text)}`,
    );
  return url;
}

function passwordOf({ passwordFile }: ConnectionOptions, env: Terminal['env'], url: URL): string | undefined {
  if (passwordFile === undefined)
    return env.PODIPS_PASSWORD ?? (decodeURIComponent(url.password) || undefined);
  try {
    return readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
  } catch (err) {
    throw new CliError(EXIT.usage, `--password-file: ${describeFileError(passwordFile, err)}`, {
      cause: err,
    });
  }
}
