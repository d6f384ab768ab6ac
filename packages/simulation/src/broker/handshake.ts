import type { BrokerUser } from '../broker-process.js';
import type { Behaviour, Heartbeats, WantedHeartbeats } from './behaviour.js';
import type { Frame } from './frame.js';
import { STOMP_VERSIONS, type StompVersion } from './header-escape.js';
import { StompError } from './stomp-error.js';

/** The terms on which a client and the broker agree at CONNECT. */
export interface Agreement {
  readonly version: StompVersion;
  readonly heartbeats: Heartbeats;
  /** Who the client is; undefined where everybody may do everything. */
  readonly user: BrokerUser | undefined;
}

export interface Terms {
  readonly behaviour: Behaviour;
  readonly heartbeatMs: number;
  /** Undefined: everybody may do everything. */
  readonly users: readonly BrokerUser[] | undefined;
}

/**
 * Checks a CONNECT frame (STOMP 1.2, "Connecting" and "Heart-beating").
 * @throws {StompError} STOMP_NOT_CONNECTED, STOMP_LOGIN_REFUSED, STOMP_VERSION_UNSUPPORTED or STOMP_FRAME_MALFORMED
 */
export function agree({ command, headers }: Frame, { behaviour, heartbeatMs, users }: Terms): Agreement {
  if (command !== 'CONNECT' && command !== 'STOMP')
    throw new StompError('STOMP_NOT_CONNECTED', `${command} before CONNECT`);
  const login = headers.get('login') ?? '';
  const passcode = headers.get('passcode');
  const user = users?.find(({ name, password }) => name === login && password === passcode);
  if (users && !user) throw new StompError('STOMP_LOGIN_REFUSED', behaviour.loginRefused(login));
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
