import type {
  ActiveMq,
  LocalPostgres,
  LocalServices,
  ServiceName,
  SimulatedCluster,
  Sink,
  TcpProxy,
} from '@podips/simulation';

/** All that can be made to fail. */
export interface Surroundings {
  readonly cluster: SimulatedCluster;
  readonly broker: ActiveMq;
  readonly brokerProxy: TcpProxy;
  readonly postgres: LocalPostgres;
  readonly sink: Sink;
  readonly services: LocalServices;
}

export interface Fault {
  readonly name: string;
  /** Faults of one part do not happen at the same time. */
  readonly part: 'api' | 'broker' | 'broker-link' | 'database' | 'fluentd' | ServiceName;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

const nothing = () => undefined;

/** Every fault that the torture knows. */
export function createFaults(world: Surroundings): Fault[] {
  const { cluster, broker, brokerProxy, postgres, sink, services } = world;
  const kill = (name: ServiceName): Fault => ({
    name: `${name} killed`,
    part: name,
    async begin() {
      const process = services.process(name);
      process.kill('SIGKILL');
      await process.exited;
    },
    end: () => services.start(name),
  });
  const freeze = (name: ServiceName): Fault => ({
    name: `${name} frozen`,
    part: name,
    begin: () => services.process(name).kill('SIGSTOP'),
    end: () => services.process(name).kill('SIGCONT'),
  });
  return [
    kill('reader'),
    kill('writer'),
    kill('monitor'),
    freeze('reader'),
    freeze('writer'),
    { name: 'broker killed', part: 'broker', begin: () => broker.stop('SIGKILL'), end: () => broker.start() },
    { name: 'broker frozen', part: 'broker', begin: () => broker.freeze(), end: () => broker.thaw() },
    {
      name: 'link to the broker half-open',
      part: 'broker-link',
      begin: () => brokerProxy.halfOpen(true),
      end() {
        brokerProxy.halfOpen(false);
        brokerProxy.cut();
      },
    },
    { name: 'links to the broker cut', part: 'broker-link', begin: () => brokerProxy.cut(), end: nothing },
    { name: 'database stopped', part: 'database', begin: () => postgres.stop(), end: () => postgres.start() },
    {
      name: 'Fluentd gone',
      part: 'fluentd',
      begin: () => sink.faults.refuse(true),
      end: () => sink.faults.refuse(false),
    },
    {
      name: 'Fluentd without acks',
      part: 'fluentd',
      begin: () => sink.faults.neverAck(true),
      end: () => sink.faults.neverAck(false),
    },
    {
      name: 'Fluentd resets in the middle of a chunk',
      part: 'fluentd',
      begin: () => sink.faults.resetNextChunk('before-stored'),
      end: () => sink.faults.resetNextChunk('after-stored'),
    },
    { name: 'watches closed', part: 'api', begin: () => void cluster.faults.closeWatches(), end: nothing },
    {
      name: 'watches half-open',
      part: 'api',
      begin: () => void cluster.faults.freezeWatches(),
      end: nothing,
    },
    {
      name: 'watches cut in a line',
      part: 'api',
      begin: () => void cluster.faults.truncateWatches(),
      end: nothing,
    },
    {
      name: 'API server answers 503',
      part: 'api',
      begin() {
        cluster.faults.failNext({ status: 503, count: 3 });
        cluster.faults.closeWatches();
      },
      end: nothing,
    },
    {
      name: 'API server answers 429',
      part: 'api',
      begin() {
        cluster.faults.failNext({ status: 429, count: 2, retryAfterSeconds: 1 });
        cluster.faults.closeWatches();
      },
      end: nothing,
    },
    {
      name: 'API server has forgotten',
      part: 'api',
      begin() {
        cluster.faults.expireNextWatch('event');
        cluster.faults.closeWatches();
      },
      end: nothing,
    },
    {
      name: 'API server away',
      part: 'api',
      begin: () => cluster.faults.refuseConnections(),
      end: () => cluster.faults.acceptConnections(),
    },
  ];
}
