import { type LookupAddress, lookup as lookupName } from 'node:dns';
import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { type TlsSettings, tlsOptions } from './tls-client.js';

/** More than any name has; what is beyond is forgotten, the longest ago first. */
const MAX_FAILED = 256;

/**
 * The order in which the addresses of a name are tried: as the resolver gives them, except that those that failed come
 * last, the one that failed longest ago first. Node.js itself goes from address to address only until one takes the
 * connection, which a host can do whose service is mute.
 */
export class AddressOrder {
  /** In the order of their last failure. */
  readonly #failed = new Set<string>();
  readonly #resolve: typeof lookupName;

  /** @param resolve stands in for the system's resolver */
  constructor(resolve = lookupName) {
    this.#resolve = resolve;
  }

  /** For the option of this name of `net.connect`, `tls.connect` and undici's connector. */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.#resolve(host, { ...options, all: true }, (err, addresses) => {
      const sorted = err ? [] : this.#sort(addresses);
      const [first] = sorted;
      if (err || options.all || first === undefined) done(err, sorted);
      else done(null, first.address, first.family);
    });
  };

  /** A connection to this address was of no use, although it was opened. */
  failed(address: string): void {
    this.#failed.delete(address);
    this.#failed.add(address);
    const [oldest] = this.#failed;
    if (oldest !== undefined && this.#failed.size > MAX_FAILED) this.#failed.delete(oldest);
  }

  #sort(addresses: readonly LookupAddress[]): LookupAddress[] {
    const failed = [...this.#failed];
    // A stable sort, with -1 for what has not failed.
    return addresses.toSorted((a, b) => failed.indexOf(a.address) - failed.indexOf(b.address));
  }
}

export interface Destination {
  readonly host: string;
  readonly port: number;
  /** Undefined: a plain TCP connection. */
  readonly tls: TlsSettings | undefined;
}

export interface OpeningSocket {
  readonly socket: Socket;
  /** When it can be used: with TLS, when the server's certificate has been verified. */
  readonly openedEvent: 'connect' | 'secureConnect';
  /** To be called when the peer did not get as far as it should: its address is tried last from now on. */
  giveUp(): void;
}

/**
 * Begins a connection to one of the host's addresses. It has no deadline: the caller's covers all until the peer's greeting.
 * @throws when a file of the TLS settings cannot be read or used
 */
export function openSocket({ host, port, tls }: Destination, order: AddressOrder): OpeningSocket {
  const options = { host, port, lookup: order.lookup, noDelay: true, keepAlive: true };
  const socket = tls ? connectTls({ ...tlsOptions(tls, host), ...options }) : connectTcp(options);
  let reached: string | undefined;
  // Once it is destroyed, a socket does not know any more.
  socket.once('connect', () => {
    reached = socket.remoteAddress;
  });
  return {
    socket,
    openedEvent: socket instanceof TLSSocket ? 'secureConnect' : 'connect',
    giveUp: () => {
      if (reached !== undefined) order.failed(reached);
    },
  };
}
