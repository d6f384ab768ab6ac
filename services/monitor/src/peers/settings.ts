import { integer, secret } from '@podips/shared';
import { type CleanedEnv, EnvError, makeValidator } from 'envalid';

const MAX_NAME_CHARS = 60;
const MAX_PEERS = 50;

/** Another monitor, as its URL names it. */
export interface PeerAddress {
  readonly name: string;
  /** Without a slash at the end, and without a login. */
  readonly url: string;
  /** The value of the Authorization header; undefined: the URL had no login. */
  readonly authorization: string | undefined;
}

const otherMonitors = makeValidator<string>((input) => {
  parsePeers(input);
  return input;
});

export const peerSpecs = {
  OTHER_MONITORS: secret(
    otherMonitors({
      default: '',
      desc: 'monitors of other clusters to show as well, `name=url,name=url`; a URL may have `user:password@`',
    }),
  ),
  OTHER_MONITORS_INTERVAL_MS: integer(
    100,
    3_600_000,
  )({ default: 10_000, desc: 'interval at which other monitors are queried' }),
};

export interface PeerSettings {
  readonly peers: readonly PeerAddress[];
  readonly intervalMs: number;
}

export function peerSettings(env: CleanedEnv<typeof peerSpecs>): PeerSettings {
  return { peers: parsePeers(env.OTHER_MONITORS), intervalMs: env.OTHER_MONITORS_INTERVAL_MS };
}

/** @throws {EnvError} that names the entry which is wrong, but nothing of its URL, which may hold a password */
function parsePeers(list: string): PeerAddress[] {
  const entries = list.split(',').filter((entry) => entry.trim() !== '');
  const peers = entries.map((entry, index) => parsePeer(entry, index + 1));
  if (new Set(peers.map(({ name }) => name)).size < peers.length)
    throw new EnvError('must give each monitor a name of its own');
  if (peers.length > MAX_PEERS) throw new EnvError(`must have at most ${MAX_PEERS} monitors`);
  return peers;
}

function parsePeer(entry: string, position: number): PeerAddress {
  const separator = entry.indexOf('=');
  const name = entry.slice(0, Math.max(0, separator)).trim();
  const url = URL.parse(entry.slice(separator + 1).trim());
  if (name === '' || name.length > MAX_NAME_CHARS)
    throw new EnvError(`must be a list of name=url, but entry ${position} has no name of 1 to 60 characters`);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new EnvError(`must be a list of name=url, but ${name} has no http(s) URL`);
  if (url.search !== '' || url.hash !== '')
    throw new EnvError(`must be a list of name=url, but the URL of ${name} has ? or # in it`);
  return {
    name,
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    authorization: url.username === '' && url.password === '' ? undefined : toBasic(url, name),
  };
}

function toBasic({ username, password }: URL, name: string): string {
  try {
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(login).toString('base64')}`;
  } catch {
    // The error's own text would repeat the password.
    throw new EnvError(`must have percent-encoded logins, but that of ${name} is none`);
  }
}
