import type { Frame } from './frame.js';
import { STOMP_VERSIONS, type StompVersion } from './header-escape.js';
import { StompError } from './stomp-error.js';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The terms on which a client and the broker agree at CONNECT. */
export interface Agreement {
  readonly version: StompVersion;
  /** Longest time without a byte from the client, in milliseconds; 0: none agreed. */
  readonly incomingMs: number;
  /** Longest time without a byte to the client, in milliseconds; 0: none agreed. */
  readonly outgoingMs: number;
}

/**
 * Checks a CONNECT frame (STOMP 1.2, "Connecting" and "Heart-beating").
 * @throws {StompError} STOMP_NOT_CONNECTED, STOMP_LOGIN_REFUSED, STOMP_VERSION_UNSUPPORTED or STOMP_FRAME_MALFORMED
 */
export function agree({ command, headers }: Frame, heartbeatMs: number, login?: Login): Agreement {
  if (command !== 'CONNECT' && command !== 'STOMP')
    throw new StompError('STOMP_NOT_CONNECTED', `${command} before CONNECT`);
  if (login && (headers.get('login') !== login.username || headers.get('passcode') !== login.password))
    throw new StompError('STOMP_LOGIN_REFUSED', 'user name or password is wrong');
  const accepted = (headers.get('accept-version') ?? '1.0').split(',').map((version) => version.trim());
  const version = STOMP_VERSIONS.findLast((own) => accepted.includes(own));
  if (version === undefined)
    throw new StompError('STOMP_VERSION_UNSUPPORTED', `supported versions are ${STOMP_VERSIONS.join(', ')}`);
  const [clientSendsMs, clientWantsMs] = parseHeartbeat(headers.get('heart-beat') ?? '0,0');
  return {
    version,
    incomingMs: interval(clientSendsMs, heartbeatMs),
    outgoingMs: interval(heartbeatMs, clientWantsMs),
  };
}

function interval(sendsMs: number, wantsMs: number): number {
  return sendsMs === 0 || wantsMs === 0 ? 0 : Math.max(sendsMs, wantsMs);
}

function parseHeartbeat(text: string): [number, number] {
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(text);
  if (!match) throw new StompError('STOMP_FRAME_MALFORMED', `heart-beat is "${text}"`);
  return [Number(match[1]), Number(match[2])];
}
