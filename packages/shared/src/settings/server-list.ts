import { EnvError, makeValidator } from 'envalid';
import { isHost, MAX_PORT, withoutLogin } from './validators.js';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** A list of servers, `a,b:61613,[::1]:61613`; one without a port takes `defaultPort`. */
export function parseServers(list: string, defaultPort: number): ServerAddress[] {
  return list.split(',').map((entry) => {
    const match = /^\s*(?:\[([^\]]+)\]|([^\s:[\]]+))(?::(\d+))?\s*$/.exec(entry);
    const host = match?.[1] ?? match?.[2];
    const ownPort = match?.[3] === undefined ? defaultPort : Number(match[3]);
    if (host === undefined || !isHost(host) || ownPort < 1 || ownPort > MAX_PORT)
      throw new EnvError(
        `must be a list of host or host:port, separated by commas, but has "${withoutLogin(list.includes('@') ? list : entry.trim())}"`,
      );
    return { host, port: ownPort };
  });
}

/** A list that {@link parseServers} takes; stays a text, because the default port is another setting. */
export const serverList = makeValidator<string>((input) => {
  parseServers(input, 1);
  return input;
});
