import type { Behaviour, Heartbeats, WantedHeartbeats } from './behaviour.js';
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
  readonly heartbeats: Heartbeats;
  /** The name that the client logged in with, empty without one. */
  readonly user: string;
}

export interface Terms {
  readonly behaviour: Behaviour;
  readonly heartbeatMs: number;
  readonly login: Login | undefined;
}

/**
 * Checks a CONNECT frame (STOMP 1.2, "Connecting" and "Heart-beating").
 * @throws {StompError} STOMP_NOT_CONNECTED, STOMP_LOGIN_REFUSED, STOMP_VERSION_UNSUPPORTED or STOMP_FRAME_MALFORMED
 */
export function agree({ command, headers }: Frame, { behaviour, heartbeatMs, login }: Terms): Agreement {
  if (command !== 'CONNECT' && command !== 'STOMP')
    throw new StompError('STOMP_NOT_CONNECTED', `${command} before CONNECT`);
  const user = headers.get('login') ?? '';
  if (login && (user !== login.username || headers.get('passcode') !== login.password))
    throw new StompError('STOMP_LOGIN_REFUSED', behaviour.loginRefused(user));
  const accepted = (headers.get('accept-version') ?? '1.0').split(',').map((version) => version.trim());
  const version = STOMP_VERSIONS.findLast((own) => accepted.includes(own));
  if (version === undefined)
    throw new StompError('STOMP_VERSION_UNSUPPORTED', `supported versions are ${STOMP_VERSIONS.join(', ')}`);
  const wanted = parseHeartbeat(headers.get('heart-beat'));
  return { version, heartbeats: behaviour.heartbeats(wanted, heartbeatMs), user };
}

function parseHeartbeat(text: string | undefined): WantedHeartbeats | undefined {
  if (text === undefined) return undefined;
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(text);
  if (!match) throw new StompError('STOMP_FRAME_MALFORMED', `heart-beat is "${text}"`);
  return { clientSendsMs: Number(match[1]), clientWantsMs: Number(match[2]) };
}
