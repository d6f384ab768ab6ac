import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrokerRights, type BrokerTls, type BrokerUser, writeTlsFiles } from '../broker-process.js';

interface Configuration {
  readonly users: readonly BrokerUser[];
  readonly vhosts: readonly string[];
  readonly tls?: BrokerTls;
}

interface Ports {
  readonly stomp: number;
  readonly tls: number;
}

/** Writes all that a node reads at its start. */
export async function writeConfiguration(dir: string, config: Configuration, ports: Ports): Promise<void> {
  const definitions = join(dir, 'definitions.json');
  await writeFile(definitions, JSON.stringify(definitionsOf(config)));
  await writeFile(join(dir, 'enabled_plugins'), '[rabbitmq_stomp].\n');
  const tls = config.tls ? await tlsSection(dir, config.tls, ports.tls) : '';
  await writeFile(
    join(dir, 'rabbitmq.conf'),
    `listeners.tcp = none
stomp.listeners.tcp.1 = 127.0.0.1:${ports.stomp}
load_definitions = ${definitions}
disk_free_limit.absolute = 50MB
log.console = true
log.console.level = info
log.file = false
${tls}`,
  );
}

/** The certificate is for STOMP; a node has one for all of its listeners. */
async function tlsSection(dir: string, tls: BrokerTls, port: number): Promise<string> {
  const { ca, cert, key } = await writeTlsFiles(dir, tls);
  return `stomp.listeners.ssl.1 = 127.0.0.1:${port}
ssl_options.cacertfile = ${ca}
ssl_options.certfile = ${cert}
ssl_options.keyfile = ${key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = ${tls.needsClientCertificate}
`;
}

/** The definitions that a node imports at its start (RabbitMQ, "Definitions"). */
function definitionsOf({ users, vhosts }: Configuration) {
  const names = ['/', ...vhosts];
  return {
    vhosts: names.map((name) => ({ name })),
    users: users.map(({ name, password }) => ({
      name,
      password_hash: hash(password),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: users.flatMap(({ name, may }) =>
      names.map((vhost) => ({ user: name, vhost, ...permissionsOf(may) })),
    ),
  };
}

/**
 * A STOMP client declares each queue that it sends to or receives from, and sends through the default exchange: without
 * the permission to configure a queue it can do neither.
 */
function permissionsOf(may: BrokerRights | undefined) {
  if (may === undefined) return { configure: '.*', write: '.*', read: '.*' };
  const { sendTo, receiveFrom } = may;
  return {
    configure: anyOf([...sendTo, ...receiveFrom]),
    write: sendTo.length > 0 ? anyOf(['amq.default']) : '^$',
    read: anyOf(receiveFrom),
  };
}

const anyOf = (names: readonly string[]) =>
  `^(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$`;

/** RabbitMQ, "Access and password hashing": base64 of a salt of 4 bytes and the SHA-256 of salt and password. */
function hash(password: string): string {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
