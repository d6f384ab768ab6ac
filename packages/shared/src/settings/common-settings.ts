import { str } from 'envalid';
import { secret } from './secrets.js';
import { baseUrl, bearerToken, bool, hostName, integer, logLevel, MAX_PORT } from './validators.js';

/** Settings that more than one service has. The `desc` of each is its row in docs/settings.md. */
export const commonSpecs = {
  LOG_LEVEL: logLevel({ default: 'info', desc: 'least severe level that is logged' }),
  CONFIG_DIR: str({ default: '.', desc: 'folder of the files of podips 1.1 that are still read' }),
};

export const httpSpecs = {
  HTTP_HOST: hostName({
    default: '::',
    desc: 'address on which the HTTP server listens; `::` are all of IPv6 and IPv4, or of IPv4 alone where the system has no IPv6',
  }),
  HTTP_PORT: integer(0, MAX_PORT)({ default: 8080, desc: 'port of the HTTP server; 0 picks a free one' }),
};

/** The same secret at the monitor and at those who report to it. */
export const heartbeatTokenSpecs = {
  HEARTBEAT_TOKEN: secret(
    bearerToken({
      default: undefined,
      desc: 'secret without which the monitor refuses heartbeats; the same for reader, writer and monitor',
    }),
  ),
};

export const monitorClientSpecs = {
  PODIPS_HOST: baseUrl({
    default: undefined,
    desc: 'the monitor; without it no heartbeats are sent',
  }),
  PODIPS_TLS_VERIFY: bool({ default: true, desc: 'verify the certificate of an https monitor' }),
  ...heartbeatTokenSpecs,
};

export const statusDirSpecs = {
  STATUS_DIR: str({ default: '/tmp', desc: 'folder of the status files for liveness probes' }),
};
