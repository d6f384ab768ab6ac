import { createNetworks, heartbeatTokenSpecs, integer, type Rule, secret } from '@podips/shared';
import { type CleanedEnv, EnvError, makeValidator, str } from 'envalid';

/** A list of addresses and networks, `10.0.0.0/8,192.0.2.7,2001:db8::/32`. */
const networks = makeValidator<string>((input) => {
  for (const entry of splitList(input))
    try {
      createNetworks([entry]);
    } catch {
      // The entry itself shows what is wrong.
      throw new EnvError(
        `must be a list of addresses or networks (CIDR) that do not cover every address, but has "${entry}"`,
      );
    }
  return input;
});

const MAX_REQUESTS_PER_SECOND = 1_000_000;
const MAX_PER_CLIENT = 1_000_000;

export const accessSpecs = {
  ...heartbeatTokenSpecs,
  READ_USER: str({
    default: undefined,
    desc: 'user name that is needed to read; together with `READ_PASSWORD`. Without both, reading needs no login',
  }),
  READ_PASSWORD: secret(str({ default: undefined, desc: 'password of `READ_USER`' })),
  TRUSTED_PROXIES: networks({
    default: '',
    desc: 'addresses and networks, `10.0.0.0/8,192.0.2.7`, of proxies whose `X-Forwarded-For`, `Forwarded`, `X-Forwarded-Host` and `X-Forwarded-Prefix` are believed',
  }),
  RATE_LIMIT_PER_SECOND: integer(
    1,
    MAX_REQUESTS_PER_SECOND,
  )({
    default: 200,
    desc: 'maximum requests per second of one client (an IPv4 address or an IPv6 /64); more get 429',
  }),
  CONNECTIONS_PER_CLIENT: integer(
    1,
    MAX_PER_CLIENT,
  )({
    default: 256,
    desc: 'maximum connections of one client, `TRUSTED_PROXIES` not counted; more are closed',
  }),
  STREAMS_PER_CLIENT: integer(
    1,
    MAX_PER_CLIENT,
  )({
    default: 50,
    desc: 'maximum live status pages of one client; more get 503. Raise it when many people share an address',
  }),
};

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface AccessSettings {
  /** The secret of senders of heartbeats; undefined: none is needed. */
  readonly heartbeatToken: string | undefined;
  /** The login of readers; undefined: none is needed. */
  readonly login: Login | undefined;
  /** Addresses and networks (CIDR). */
  readonly trustedProxies: readonly string[];
  readonly rateLimitPerSecond: number;
  readonly connectionsPerClient: number;
  readonly streamsPerClient: number;
}

type AccessEnv = CleanedEnv<typeof accessSpecs>;

export function accessSettings(env: AccessEnv): AccessSettings {
  const { READ_USER: user, READ_PASSWORD: password } = env;
  return {
    heartbeatToken: env.HEARTBEAT_TOKEN,
    login: user === undefined || password === undefined ? undefined : { user, password },
    trustedProxies: splitList(env.TRUSTED_PROXIES),
    rateLimitPerSecond: env.RATE_LIMIT_PER_SECOND,
    connectionsPerClient: env.CONNECTIONS_PER_CLIENT,
    streamsPerClient: env.STREAMS_PER_CLIENT,
  };
}

/** Rules that span several of them. */
export const accessRules: readonly Rule<AccessEnv>[] = [
  ({ READ_USER: user, READ_PASSWORD: password }) =>
    (user === undefined) === (password === undefined)
      ? []
      : ['READ_USER and READ_PASSWORD must both be set, or neither'],
  ({ READ_USER: user }) =>
    user?.includes(':') ? ['READ_USER must not contain a colon, which ends a user name in HTTP'] : [],
];

function splitList(list: string): string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
