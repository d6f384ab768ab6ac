import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseSettings, type Environment, pause } from '@podips/shared';
import { freePort } from '../ports.js';
import { type ChildProgram, startChildProgram } from './child-program.js';

export const SERVICE_NAMES = ['monitor', 'reader', 'writer', 'cronjob'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Where the services find the outside world. */
export interface Surroundings {
  readonly clusterUrl: string;
  readonly clusterToken?: string;
  readonly queueHost: string;
  readonly queuePort: number;
  readonly database: DatabaseSettings | undefined;
  readonly logPort: number;
  /** Folder for status files and the monitor's data; each service gets its own below it. */
  readonly dir: string;
  /** Port of the dashboard; a free one without it. */
  readonly monitorPort?: number;
  /** Settings to add, for one service or for all. */
  readonly env?: Partial<Record<ServiceName | 'all', Environment>>;
  readonly onLine?: (service: ServiceName, line: string) => void;
}

/** The four services as processes of their own. */
export interface LocalServices {
  readonly monitorUrl: string;
  readonly httpPorts: { readonly reader: number; readonly writer: number };
  process(name: ServiceName): ChildProgram;
  statusDir(name: ServiceName): string;
  start(name: ServiceName): Promise<void>;
  /** Stops all at once. Resolves when all have ended. */
  stop(deadlineMs?: number): Promise<void>;
}

const HOST = '127.0.0.1';
const START_DEADLINE_MS = 30_000;

/** Starts monitor, reader, writer and cron job, and waits until each of them answers. */
export async function startServices(surroundings: Surroundings): Promise<LocalServices> {
  const ports = {
    monitor: surroundings.monitorPort ?? (await freePort()),
    reader: await freePort(),
    writer: await freePort(),
  };
  const monitorUrl = `http://${HOST}:${ports.monitor}`;
  const statusDir = (name: ServiceName) => join(surroundings.dir, name);
  const processes = new Map<ServiceName, ChildProgram>();

  const services: LocalServices = {
    monitorUrl,
    httpPorts: ports,
    statusDir,
    process(name) {
      const found = processes.get(name);
      if (!found) throw new Error(`${name} was never started`);
      return found;
    },
    async start(name) {
      await mkdir(statusDir(name), { recursive: true });
      const own = environmentOf(name, surroundings, monitorUrl);
      const child = startChildProgram({
        name,
        program: `services/${name}/dist/main.js`,
        args: name === 'reader' ? ['--incluster=false'] : [],
        env: {
          CONFIG_DIR: statusDir(name),
          STATUS_DIR: statusDir(name),
          HTTP_HOST: HOST,
          HTTP_PORT: name === 'cronjob' ? undefined : String(ports[name]),
          ...own,
          ...surroundings.env?.all,
          ...surroundings.env?.[name],
        },
        onLine: (line) => surroundings.onLine?.(name, line),
      });
      processes.set(name, child);
      if (name !== 'cronjob') await waitUntilHealthy(`http://${HOST}:${ports[name]}/healthz`, child);
    },
    async stop(deadlineMs) {
      await Promise.all([...processes.values()].map((child) => child.stop(deadlineMs)));
    },
  };
  try {
    await services.start('monitor');
    await Promise.all([services.start('reader'), services.start('writer'), services.start('cronjob')]);
  } catch (err) {
    await services.stop();
    throw err;
  }
  return services;
}

function environmentOf(name: ServiceName, surroundings: Surroundings, monitorUrl: string): Environment {
  const queue = { QUEUE_HOST: surroundings.queueHost, QUEUE_PORT: String(surroundings.queuePort) };
  switch (name) {
    case 'monitor':
      return {
        ...databaseEnvironment(surroundings.database),
        MONITOR_DATA_DIR: join(surroundings.dir, name),
      };
    case 'reader':
      return {
        ...queue,
        ...databaseEnvironment(surroundings.database),
        PODIPS_HOST: monitorUrl,
        KUBE_APISERVER_URL: surroundings.clusterUrl,
        KUBE_APITOKEN: surroundings.clusterToken,
        // One reader, which is restarted in its place.
        POD_UID: 'local',
        // Else a kubeconfig of the developer's own would win.
        HOME: surroundings.dir,
      };
    case 'writer':
      return {
        ...queue,
        PODIPS_HOST: monitorUrl,
        LOG_SERVER: HOST,
        LOG_SERVER_PORT: String(surroundings.logPort),
      };
    case 'cronjob':
      return { PODIPS_HOST: monitorUrl };
  }
}

/** The settings by which a service finds a database; none without one. */
export function databaseEnvironment(database: DatabaseSettings | undefined): Environment {
  if (!database) return {};
  return {
    DB_HOST: database.host,
    DB_PORT: String(database.port),
    DB_USER: database.user,
    DB_PASSWORD: database.password,
    DB_NAME: database.database,
    ...(database.schema !== undefined && { DB_SCHEMA: database.schema }),
    ...(database.sslMode !== undefined && { DB_SSLMODE: database.sslMode }),
    ...(database.sslRootCert !== undefined && { DB_SSLROOTCERT: database.sslRootCert }),
    ...(database.sslCert !== undefined && { DB_SSLCERT: database.sslCert }),
    ...(database.sslKey !== undefined && { DB_SSLKEY: database.sslKey }),
  };
}

async function waitUntilHealthy(url: string, child: ChildProgram): Promise<void> {
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  for (;;) {
    if (!child.running) throw new Error(`${child.name} ended at its start:\n${child.output()}`);
    if (deadline.aborted) throw new Error(`${child.name} did not start in time:\n${child.output()}`);
    if (await answers(url)) return;
    await pause(50);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    return response.ok;
  } catch {
    return false; // not listening yet: asked again by the caller, within its deadline
  }
}
