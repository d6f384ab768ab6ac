/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`; group 1 or 2 is the address. */
const NODE = /^(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::[\w.-]+)?$/;
/** A pair of RFC 7239, 4: a name, and a token or a quoted text. */
const PAIR = /\s*([^\s=;,"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*(;|,|$)/y;

/** The addresses in an `X-Forwarded-For` header, the nearest proxy's last; a node of another kind stays as it is. */
export function readForwardedFor(header: string): string[] {
  return header.trim() === '' ? [] : header.split(',').map((node) => addressOf(node.trim()));
}

/**
 * The addresses in a `Forwarded` header (RFC 7239), the nearest proxy's last. An element without an address, or a header
 * that cannot be read from there on, is an empty text.
 */
export function readForwarded(header: string): string[] {
  if (header.trim() === '') return [];
  const addresses: string[] = [''];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < header.length) {
    const match = PAIR.exec(header);
    if (match === null) return [...addresses, ''];
    const [, name = '', quoted, token = '', end] = match;
    const value = quoted?.replace(/\\(.)/g, '$1') ?? token;
    if (name.toLowerCase() === 'for') addresses[addresses.length - 1] = addressOf(value);
    if (end === ',') addresses.push('');
  }
  return addresses;
}

/** The address of a node, without its port. */
function addressOf(node: string): string {
  const [, ipv6, ipv4] = NODE.exec(node) ?? [];
  return ipv6 ?? ipv4 ?? node;
}
