import { str } from 'envalid';
import { baseUrl, bearerToken, bool, integer, logLevel, MAX_PORT } from './validators.js';

/** Settings that more than one service has. The `desc` of each is its row in the README. */
export const commonSpecs = {
  LOG_LEVEL: logLevel({ default: 'info', desc: 'how much is logged' }),
  CONFIG_DIR: str({ default: '.', desc: 'folder of the files of podips 1.1' }),
};

export const httpSpecs = {
  HTTP_HOST: str({ default: '0.0.0.0', desc: 'address that the HTTP server listens on' }),
  HTTP_PORT: integer(0, MAX_PORT)({ default: 8080, desc: 'port of the HTTP server; 0 takes a free one' }),
};

/** The same secret at the monitor and at those who report to it. */
export const heartbeatTokenSpecs = {
  HEARTBEAT_TOKEN: bearerToken({
    default: undefined,
    desc: 'secret without which the monitor takes no heartbeats; the same for reader, writer and monitor',
  }),
};

export const monitorClientSpecs = {
  PODIPS_HOST: baseUrl({
    default: undefined,
    desc: 'the monitor: host, host:port or URL; without it no heartbeats',
  }),
  PODIPS_TLS_VERIFY: bool({ default: true, desc: 'whether the certificate of an https monitor is verified' }),
  ...heartbeatTokenSpecs,
};

export const statusDirSpecs = {
  STATUS_DIR: str({ default: '/tmp', desc: 'folder of the files for liveness probes' }),
};
