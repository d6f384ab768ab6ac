import { isIPv6 } from 'node:net';
import { EnvError, makeValidator } from 'envalid';
import { MAX_PORT, withoutLogin } from './validators.js';

/** A server, or the folder of its Unix socket. */
export interface DatabaseHost {
  readonly host: string;
  readonly port: number;
}

const ENTRY = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)|(\/[^,]*))(?::(\d+))?$/;

/**
 * A list of servers, `a,b:5433,[::1]:5432,/run/postgresql`; one without a port takes `defaultPort`.
 * @throws {EnvError} with what is wrong, without the login of a URL that was given instead
 */
export function parseDatabaseHosts(list: string, defaultPort: number): DatabaseHost[] {
  return list.split(',').map((entry) => {
    const text = entry.trim();
    if (isIPv6(text)) return { host: text, port: defaultPort };
    const match = ENTRY.exec(text);
    const host = match?.[1] ?? match?.[2] ?? match?.[3]?.replace(/:\d+$/, '');
    const ownPort = match?.[4] ?? /^\/.*:(\d+)$/.exec(text)?.[1];
    const port = ownPort === undefined ? defaultPort : Number(ownPort);
    if (host === undefined || port < 1 || port > MAX_PORT)
      throw new EnvError(
        `must be a list of host, host:port or folder of a Unix socket, separated by commas, but has "${withoutLogin(list.includes('@') ? list : text)}"`,
      );
    return { host, port };
  });
}

export const databaseHosts = makeValidator<string>((input) => {
  parseDatabaseHosts(input, 1);
  return input;
});
