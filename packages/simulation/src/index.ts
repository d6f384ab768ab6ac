export * from './activemq/index.js';
export * from './broker/index.js';
export * from './cluster/index.js';
export {
  type ChildProgram,
  type ChildProgramOptions,
  NODE_FLAGS,
  startChildProgram,
} from './local/child-program.js';
export { readMetrics } from './local/metrics.js';
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
export { type PgBouncer, PgBouncerError, startPgBouncer } from './pgbouncer.js';
export { freePort } from './ports.js';
export { asOtherThanRoot, type LocalPostgres, PostgresError, startPostgres } from './postgres.js';
export * from './proxy.js';
export * from './sink/index.js';
export {
  type Certificate,
  type CertificateAuthority,
  createAuthority,
  createTlsFiles,
  type TlsFiles,
} from './tls.js';
