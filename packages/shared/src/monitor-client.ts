import { hostname } from 'node:os';
import { Agent, request } from './http/requests.js';

export interface MonitorClientOptions {
  /** Base URL of the monitor. */
  readonly monitorUrl: string;
  readonly tlsVerify: boolean;
  /** The secret that the monitor expects; undefined: none. */
  readonly token?: string | undefined;
}

export interface MonitorClient {
  /**
   * Sends a request: GET without a body, POST with one, which becomes JSON.
   * @returns the status of the answer @throws when there is none within five seconds
   */
  send(path: string, body?: object): Promise<number>;
  /** Ends requests that are under way. */
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5_000;

/** Requests to the monitor under the name of this host. */
export function openMonitorClient({ monitorUrl, tlsVerify, token }: MonitorClientOptions): MonitorClient {
  const agent = new Agent({
    connect: { rejectUnauthorized: tlsVerify, timeout: REQUEST_TIMEOUT_MS },
    headersTimeout: REQUEST_TIMEOUT_MS,
    bodyTimeout: REQUEST_TIMEOUT_MS,
  });
  const stopping = new AbortController();
  const headers = {
    'x-podips-host': hostname(),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return {
    async send(path, body) {
      const response = await request(`${monitorUrl}${path}`, {
        dispatcher: agent,
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        ...(body === undefined
          ? { headers }
          : {
              method: 'POST',
              headers: { ...headers, 'content-type': 'application/json' },
              body: JSON.stringify(body),
            }),
      });
      await response.body.dump();
      return response.statusCode;
    },
    async close() {
      stopping.abort();
      await agent.destroy();
    },
  };
}
