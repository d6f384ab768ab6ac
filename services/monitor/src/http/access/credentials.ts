import { createHash, timingSafeEqual } from 'node:crypto';
import type { Login } from './settings.js';

/** Whether an Authorization header (RFC 9110, section 11.6.2) carries the secret that is expected. */
export type Credentials = (authorization: string | undefined) => boolean;

/** `Bearer <token>`, RFC 6750. */
export function bearerCredentials(token: string): Credentials {
  const isToken = createComparison(token);
  return (authorization) => {
    const given = parametersOf('Bearer', authorization);
    return given !== undefined && isToken(given);
  };
}

/** `Basic <base64 of user:password>` in UTF-8, RFC 7617. */
export function basicCredentials({ user, password }: Login): Credentials {
  const isLogin = createComparison(`${user}:${password}`);
  return (authorization) => {
    const given = parametersOf('Basic', authorization);
    return given !== undefined && isLogin(Buffer.from(given, 'base64').toString());
  };
}

/** Compares in a time that says nothing about the secret, nor about its length. */
function createComparison(secret: string): (given: string) => boolean {
  const expected = digest(secret);
  return (given) => timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The parameters after the scheme, whose name is case-insensitive. */
function parametersOf(scheme: string, authorization: string | undefined): string | undefined {
  const [name = '', parameters] = (authorization ?? '').split(' ', 2);
  return name.toLowerCase() === scheme.toLowerCase() ? parameters : undefined;
}
