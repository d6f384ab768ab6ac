export * from './activemq/index.js';
export * from './broker/index.js';
export type { BrokerProcess, BrokerRights, BrokerTls, BrokerUser } from './broker-process.js';
export * from './cluster/index.js';
export {
  ALLOCATOR,
  type ChildProgram,
  type ChildProgramOptions,
  CRONJOB_FLAGS,
  NODE_FLAGS,
  READER_FLAGS,
  startChildProgram,
} from './local/child-program.js';
export { parseMetrics, readMetrics } from './local/metrics.js';
export {
  databaseEnvironment,
  type LocalServices,
  type ServiceName,
  type Surroundings,
  startServices,
} from './local/services.js';
export { untilWatched } from './local/until-watched.js';
export { type MockCluster, startMockCluster } from './mock-cluster/mock-cluster.js';
export { startMockConsumer } from './mock-consumer/mock-consumer.js';
export { type MockProducer, startMockProducer } from './mock-producer/mock-producer.js';
export * from './mock-settings.js';
export { addressOrderOf, type MuteHost, startMuteHost } from './mute-host.js';
export { type Nginx, startNginx } from './nginx.js';
export { type PgBouncer, startPgBouncer } from './pgbouncer.js';
export { freePort } from './ports.js';
export {
  asOtherThanRoot,
  copyData,
  type LocalPostgres,
  PostgresError,
  type PostgresOptions,
  postgresVersion,
  startPostgres,
} from './postgres.js';
export * from './proxy.js';
export * from './rabbitmq/index.js';
export { ServerProcessError } from './server-process.js';
export * from './sink/index.js';
export { canConnect } from './tcp.js';
export {
  type Certificate,
  type CertificateAuthority,
  createAuthority,
  createTlsFiles,
  type TlsFiles,
} from './tls.js';
