/** The position from which a list continues. */
export interface Continuation {
  /** -1: at whatever version is current then, as the token of a 410 does. */
  readonly resourceVersion: number;
  /** Key to start from, itself included. */
  readonly from: string;
}

export const CURRENT_VERSION = -1;
const TOKEN_FORMAT = 'meta.k8s.io/v1';

/** The token of a list that continues after this key: the same bytes as the real server's. */
export function continueAfter(resourceVersion: number, lastKey: string): string {
  // The smallest key after `lastKey` is the one with a zero byte behind it.
  return encode(resourceVersion, `${lastKey}\0`);
}

/** The same place, at the current version. */
export function inconsistent({ from }: Continuation): string {
  return encode(CURRENT_VERSION, from);
}

/** Undefined for anything that is not one of our tokens. */
export function parseContinueToken(token: string): Continuation | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch (err) {
    if (err instanceof SyntaxError) return undefined;
    throw err;
  }
  if (typeof value !== 'object' || value === null || !('v' in value && 'rv' in value && 'start' in value))
    return undefined;
  const { v, rv, start } = value;
  if (v !== TOKEN_FORMAT || typeof rv !== 'number' || typeof start !== 'string') return undefined;
  return { resourceVersion: rv, from: start };
}

function encode(resourceVersion: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: TOKEN_FORMAT, rv: resourceVersion, start })).toString('base64url');
}
