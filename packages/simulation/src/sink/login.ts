import { createHash, randomBytes } from 'node:crypto';
import { encode } from '@msgpack/msgpack';

/** The `<security>` section of Fluentd's `in_forward`, or the security keys of Fluent Bit's input. */
export interface SinkSecurity {
  readonly selfHostname: string;
  readonly sharedKey: string;
  /** Passwords by user name; undefined: without `user_auth`. */
  readonly users?: Readonly<Record<string, string>>;
  /** Fluent Bit packs random bytes as text, and hangs up on a wrong key. Default `fluentd`. */
  readonly like?: 'fluentd' | 'fluent-bit';
}

export interface LoginAnswer {
  /** What is sent; undefined: nothing, the connection is closed. */
  readonly pong: Uint8Array | undefined;
  /** What the server logs about a refused login. */
  readonly warning?: string;
}

export interface Login {
  readonly helo: Uint8Array;
  /** Checks the first message of a client, as `check_ping` of Fluentd's `in_forward` does. */
  answer(ping: unknown): LoginAnswer;
}

const SALT_BYTES = 16;

/** The server's side of one handshake: HELO, PING, PONG (Forward Protocol v1, "Handshake Messages"). */
export function startLogin(security: SinkSecurity): Login {
  const nonce = randomBytes(SALT_BYTES);
  const salt = randomBytes(SALT_BYTES);
  const fluentBit = security.like === 'fluent-bit';
  const refuse = (reason: string, warning: string): LoginAnswer => ({
    pong: fluentBit && reason === KEY_MISMATCH ? undefined : encode(['PONG', false, reason, '', '']),
    warning,
  });
  return {
    helo: fluentBit ? heloOfFluentBit(nonce, salt) : encode(['HELO', { nonce, auth: salt, keepalive: true }]),
    answer(ping) {
      if (!Array.isArray(ping) || ping.length !== PING_PARTS || ping[0] !== 'PING')
        return refuse('invalid ping message', 'Invalid ping message');
      const [, host, keySalt, keyDigest, user, passwordDigest]: unknown[] = ping;
      const { sharedKey, users, selfHostname } = security;
      if (keyDigest !== digest(keySalt, host, nonce, sharedKey))
        return refuse(KEY_MISMATCH, 'Shared key mismatch');
      const password = users === undefined ? undefined : users[String(user)];
      if (users !== undefined && (password === undefined || passwordDigest !== digest(salt, user, password)))
        return refuse('username/password mismatch', 'Authentication failed');
      return {
        pong: encode(['PONG', true, '', selfHostname, digest(keySalt, selfHostname, nonce, sharedKey)]),
      };
    },
  };
}

const KEY_MISMATCH = 'shared_key mismatch';
const PING_PARTS = 6;

function digest(...parts: readonly unknown[]): string {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part instanceof Uint8Array ? part : String(part));
  return hash.digest('hex');
}

function heloOfFluentBit(nonce: Uint8Array, salt: Uint8Array): Uint8Array {
  const asText = (bytes: Uint8Array) => Buffer.concat([Uint8Array.of(0xa0 | bytes.length), bytes]);
  const arrayOfTwo = Uint8Array.of(0x92);
  const mapOfTwo = Uint8Array.of(0x82);
  const parts = [
    arrayOfTwo,
    encode('HELO'),
    mapOfTwo,
    encode('nonce'),
    asText(nonce),
    encode('auth'),
    asText(salt),
  ];
  return Buffer.concat(parts);
}
