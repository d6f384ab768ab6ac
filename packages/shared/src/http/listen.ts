import type { Server } from 'node:net';

const ALL_IPV6 = '::';
const ALL_IPV4 = '0.0.0.0';
/** The system has no IPv6. */
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/**
 * Listens at an address. `::` are all addresses, those of IPv4 included: where the system has no IPv6, only those.
 * @throws when the address cannot be bound
 */
export async function listenAt<T>(host: string, listen: (host: string) => Promise<T>): Promise<T> {
  try {
    return await listen(host);
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : '';
    if (host !== ALL_IPV6 || !NO_IPV6.includes(code)) throw err;
    return listen(ALL_IPV4);
  }
}

/** Binds a server to a port; resolves when it listens. @throws when the address cannot be bound */
export function bind(server: Server, host: string, port: number): Promise<void> {
  return listenAt(
    host,
    (address) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, address, () => {
          server.off('error', reject);
          resolve();
        });
      }),
  );
}

/** The URL at which this machine reaches what listens at an address. */
export function localUrl(protocol: 'http' | 'https', host: string, port: number): string {
  if ([ALL_IPV6, ALL_IPV4].includes(host)) return `${protocol}://127.0.0.1:${port}`;
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
