import { lookup } from 'node:dns/promises';
import { type ConnectionOptions, getCACertificates } from 'node:tls';
import { parseDatabaseHosts } from '../settings/database-hosts.js';
import { type DatabaseSettings, SYSTEM_AUTHORITIES } from '../settings/database-settings.js';
import { tlsOptions } from '../tls-client.js';

/** One way to a server: an address, with or without TLS. */
export interface Route {
  /** An IP address, or the folder of a Unix socket. */
  readonly address: string;
  readonly port: number;
  /** What the settings call it. */
  readonly name: string;
  readonly tls: boolean;
}

/** The routes that the settings allow, in the order in which they are tried. */
export class Routes {
  readonly #settings: DatabaseSettings;
  readonly #resolve: (name: string) => Promise<readonly string[]>;
  /** Places in the order of their last failure. */
  readonly #failed = new Set<string>();

  /** @param resolve gives the addresses of a name */
  constructor(settings: DatabaseSettings, resolve = addressesOf) {
    this.#settings = settings;
    this.#resolve = resolve;
  }

  /** Whether only a primary server will do: of one host that is named alone, a standby is meant. */
  get wantsPrimary(): boolean {
    return this.#hosts.length > 1;
  }

  /**
   * In the order of the settings, each host with all of its addresses, as names may have several; where a connection failed
   * comes last. To each of them TLS is tried before none.
   * @throws when no name can be resolved
   */
  async inOrder(): Promise<Route[]> {
    const found = await Promise.allSettled(
      this.#hosts.map(async ({ host, port }) => {
        const addresses = host.startsWith('/') ? [host] : await this.#resolve(host);
        return addresses.flatMap((address) =>
          this.#tlsOf(address).map((tls) => ({ address, port, name: host, tls })),
        );
      }),
    );
    const routes = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    const unresolved = found.find((each) => each.status === 'rejected');
    if (routes.length === 0) throw unresolved?.reason;
    const failed = [...this.#failed];
    // A stable sort, with -1 for what has not failed.
    return routes.sort((a, b) => failed.indexOf(placeOf(a)) - failed.indexOf(placeOf(b)));
  }

  /** No connection to this address and port was of use, with or without TLS. */
  failed(route: Pick<Route, 'address' | 'port'>): void {
    const place = placeOf(route);
    this.#failed.delete(place);
    this.#failed.add(place);
  }

  /** @throws when a file of the TLS settings cannot be read or used */
  tlsOptions(route: Route): ConnectionOptions | false {
    return route.tls ? tlsTo(this.#settings, route.name) : false;
  }

  get #hosts() {
    return parseDatabaseHosts(this.#settings.host, this.#settings.port);
  }

  #tlsOf(address: string): readonly boolean[] {
    const { sslMode = 'prefer' } = this.#settings;
    if (address.startsWith('/') || sslMode === 'disable') return [false];
    return sslMode === 'prefer' ? [true, false] : [true];
  }
}

export const placeOf = ({ address, port }: Pick<Route, 'address' | 'port'>) => `${address} ${port}`;

async function addressesOf(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** As libpq does: a file of authorities is used in each mode, and the name is verified by `verify-full` alone. */
function tlsTo(settings: DatabaseSettings, name: string): ConnectionOptions {
  const { sslMode, sslRootCert, sslCert: certFile, sslKey: keyFile } = settings;
  const usesSystem = sslRootCert === SYSTEM_AUTHORITIES;
  const options = tlsOptions({ caFile: usesSystem ? undefined : sslRootCert, certFile, keyFile }, name);
  if (usesSystem)
    return { ...options, ca: [...getCACertificates('default'), ...getCACertificates('system')] };
  if (sslMode === 'verify-full') return options;
  return {
    ...options,
    rejectUnauthorized: sslRootCert !== undefined,
    checkServerIdentity: () => undefined,
  };
}
