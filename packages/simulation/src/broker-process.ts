import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StopSignal } from './server-process.js';
import type { Certificate } from './tls.js';

/** A real broker, with a STOMP listener on a loopback port that stays the same over restarts. */
export interface BrokerProcess {
  readonly port: number;
  /** The port for STOMP over TLS; undefined without TLS. */
  readonly tlsPort: number | undefined;
  readonly pid: number;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it: SIGTERM lets it close its files, SIGKILL does not. */
  stop(signal?: StopSignal): Promise<void>;
  /** SIGSTOP and SIGCONT: the sockets stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its files. */
  destroy(): Promise<void>;
}

export interface BrokerUser {
  readonly name: string;
  readonly password: string;
  /** All that this user may do; undefined: everything. */
  readonly may?: BrokerRights;
}

/** Names of queues, without `/queue/`. A queue that is not there yet may be created by whoever may use it. */
export interface BrokerRights {
  readonly sendTo: readonly string[];
  readonly receiveFrom: readonly string[];
}

export interface BrokerTls extends Certificate {
  /** Who signs the certificates of clients. */
  readonly caPem: string;
  readonly needsClientCertificate: boolean;
}

/** Writes the certificates where a broker reads them. @returns their paths */
export async function writeTlsFiles(
  dir: string,
  { caPem, certPem, keyPem }: BrokerTls,
): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> {
  const paths = { ca: join(dir, 'ca.pem'), cert: join(dir, 'broker.pem'), key: join(dir, 'broker.key') };
  await writeFile(paths.ca, caPem);
  await writeFile(paths.cert, certPem);
  await writeFile(paths.key, keyPem, { mode: 0o600 });
  return paths;
}
