import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { CliError, EXIT } from './exit.js';
import { describeFileError } from './file-error.js';

export interface MonitorAddress {
  /** Where the monitor is; a path before its own is kept. */
  readonly url: URL;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Authorities to trust instead of those that Node.js trusts; PEM. */
  readonly caFile: string | undefined;
}

export interface MonitorClient {
  /** @throws {CliError} */
  getJson(path: string, query?: Query): Promise<unknown>;
  /** The body of an answer, as it comes. @throws {CliError} also while it is read */
  getBytes(path: string, query?: Query): Promise<AsyncIterable<Uint8Array>>;
  /** Sends lines of JSON. @returns those of the answer @throws {CliError} */
  postLines(path: string, query: Query, body: string, signal: AbortSignal): Promise<string[]>;
  close(): Promise<void>;
}

export type Query = Readonly<Record<string, string | undefined>>;

interface Call {
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Between two parts of an answer. */
const IDLE_TIMEOUT_MS = 60_000;
const MAX_ERROR_CHARS = 4_096;
/** How often a monitor that is busy is asked again. */
const MAX_TRIES = 20;
const MAX_WAIT_S = 15;

/** Asks a monitor over HTTP. @throws {CliError} when the file of authorities cannot be read */
export function createMonitorClient(address: MonitorAddress, signal: AbortSignal): MonitorClient {
  const { url, user, password, caFile } = address;
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(caFile !== undefined && { ca: readAuthorities(caFile) }) },
    headersTimeout: IDLE_TIMEOUT_MS,
    bodyTimeout: IDLE_TIMEOUT_MS,
  });
  const authorization =
    user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;

  async function send({ path, query = {}, body, signal: own }: Call): Promise<Dispatcher.ResponseData> {
    const target = new URL(`${url.pathname.replace(/\/+$/, '')}${path}`, url);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(name, value);
    const ended = own === undefined ? signal : AbortSignal.any([signal, own]);
    for (let tries = 1; ; tries += 1) {
      const response = await request(target, {
        dispatcher,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(body !== undefined && { 'content-type': 'application/x-ndjson' }),
        },
        body: body ?? null,
        signal: ended,
      });
      if (response.statusCode === 200) return response;
      const waitS = Number(response.headers['retry-after']);
      const isBusy = [429, 503].includes(response.statusCode) && waitS >= 0;
      if (!isBusy || tries >= MAX_TRIES) throw await errorOf(response);
      await response.body.dump();
      await delay(Math.min(waitS, MAX_WAIT_S) * 1_000, undefined, { signal: ended });
    }
  }

  /** @throws {CliError} for every failure */
  async function explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (err) {
      throw toCliError(err, url);
    }
  }

  return {
    getJson: (path, query) =>
      explained(async () => {
        const { headers, body } = await send({ path, query });
        const text = await body.text();
        if (!String(headers['content-type']).includes('json')) throw notAMonitor(url);
        return JSON.parse(text);
      }),
    getBytes: (path, query) =>
      explained(async () => {
        const { body } = await send({ path, query });
        return (async function* () {
          try {
            yield* body;
          } catch (err) {
            throw toCliError(err, url);
          }
        })();
      }),
    postLines: (path, query, body, own) =>
      explained(async () => {
        const response = await send({ path, query, body, signal: own });
        const text = await response.body.text();
        return text.split('\n').filter((line) => line !== '');
      }),
    close: () => dispatcher.destroy(),
  };
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (err) {
    throw new CliError(EXIT.usage, `--ca-file: ${describeFileError(file, err)}`, { cause: err });
  }
}

async function errorOf({ statusCode, body, headers }: Dispatcher.ResponseData): Promise<CliError> {
  const text = await body.text();
  const said = String(headers['content-type']).includes('json') ? errorIn(text) : undefined;
  if (statusCode === 401 || statusCode === 403)
    return new CliError(
      EXIT.unreachable,
      'the monitor refuses the request: give --user, and the password in PODIPS_PASSWORD or with --password-file',
    );
  if (statusCode === 400 && said !== undefined) return new CliError(EXIT.usage, said);
  if (statusCode === 404)
    return new CliError(
      EXIT.unreachable,
      'the monitor has no such page: it has no database (DB_HOST), or is older than this command',
    );
  return new CliError(
    EXIT.unreachable,
    `the monitor answered ${statusCode}${said === undefined ? '' : `: ${said}`}`,
  );
}

function errorIn(json: string): string | undefined {
  try {
    const body: unknown = JSON.parse(json);
    const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
    return typeof error === 'string' ? error.slice(0, MAX_ERROR_CHARS) : undefined;
  } catch {
    // The status says enough.
    return undefined;
  }
}

function toCliError(err: unknown, url: URL): unknown {
  if (err instanceof CliError) return err;
  if (err instanceof Error && err.name === 'AbortError') return err;
  if (err instanceof SyntaxError) return notAMonitor(url);
  return new CliError(
    EXIT.unreachable,
    `the monitor at ${shownUrl(url)} cannot be reached: ${messageOf(err)}`,
    {
      cause: err,
    },
  );
}

function notAMonitor(url: URL): CliError {
  return new CliError(
    EXIT.unreachable,
    `${shownUrl(url)} is not a podips monitor; give its address with --url or PODIPS_URL`,
  );
}

function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/$/, '')}`;
}

/** Connections fail with an error for each address that was tried, and no text of their own. */
function messageOf(err: unknown): string {
  if (err instanceof AggregateError) return err.errors.map(messageOf).join('; ');
  return err instanceof Error ? err.message : String(err);
}
