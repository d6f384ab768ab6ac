import { once } from 'node:events';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Fault } from './fault.js';
import { all, heldBack, wrote } from './felt.js';
import type { Stage } from './stage.js';

const JUMP_MS = 600_000;
const ALL_YELLOW = {
  kubernetes: 'yellow',
  'queue/write': 'yellow',
  'queue/read': 'yellow',
  log: 'yellow',
} as const;
const STATUS_FILES = [
  ['reader', 'kubernetes_status'],
  ['reader', 'queue_status'],
  ['writer', 'queue_status'],
  ['writer', 'log_status'],
] as const;

async function jumpTo(stage: Stage, offsetMs: number): Promise<void> {
  await writeFile(stage.clockFile, String(offsetMs));
  for (const name of ['reader', 'writer', 'monitor'] as const) stage.services.process(name).kill('SIGUSR2');
}

const jumps = (name: string, offsetMs: number): Fault => ({
  name,
  part: 'surroundings',
  alone: true,
  lights: {},
  begin: (stage) => jumpTo(stage, offsetMs),
  felt: wrote('reader', 'the clock of this machine was set'),
  end: (stage) => jumpTo(stage, 0),
});

/** The clock of the machine is set. */
export const CLOCK_FAULTS: readonly Fault[] = [
  jumps('clock jumps ahead by ten minutes, and back', JUMP_MS),
  jumps('clock jumps back by ten minutes, and ahead', -JUMP_MS),
];

/** Every write to a status file fails as on a full disk. */
export const DISK_FULL: Fault = {
  name: 'disk for status files full',
  part: 'surroundings',
  lights: {},
  async begin({ services }) {
    for (const [service, file] of STATUS_FILES) {
      const path = join(services.statusDir(service), file);
      // In one step: the service writes the file again at any time.
      await symlink('/dev/full', `${path}.full`);
      await rename(`${path}.full`, path);
    }
  },
  felt: (stage) =>
    all(
      wrote('reader', 'status file cannot be written')(stage),
      wrote('writer', 'status file cannot be written')(stage),
    ),
  async end({ services }) {
    for (const [service, file] of STATUS_FILES)
      await rm(join(services.statusDir(service), file), { force: true });
  },
};

const brokenMonitors = new WeakMap<Stage, Server>();

/** The monitor receives no heartbeats, which must affect nothing else. */
export const MONITOR_FAULTS: readonly Fault[] = [
  {
    name: 'monitor unreachable',
    part: 'monitor',
    lights: ALL_YELLOW,
    async begin({ monitorProxy }) {
      await monitorProxy.refuse(true);
      monitorProxy.cut();
    },
    end: ({ monitorProxy }) => monitorProxy.refuse(false),
  },
  {
    name: 'monitor half-open',
    part: 'monitor',
    lights: ALL_YELLOW,
    begin: ({ monitorProxy }) => monitorProxy.halfOpen(true),
    end({ monitorProxy }) {
      monitorProxy.halfOpen(false);
      monitorProxy.cut();
    },
  },
  {
    name: 'monitor slow',
    part: 'monitor',
    lights: {},
    felt: heldBack('monitorProxy'),
    begin({ monitorProxy }) {
      monitorProxy.delayMs = 1_000;
    },
    end({ monitorProxy }) {
      monitorProxy.delayMs = 0;
    },
  },
  {
    name: 'monitor answers 500',
    part: 'monitor',
    lights: ALL_YELLOW,
    async begin(stage) {
      const server = createServer((_request, response) => response.writeHead(500).end('no'));
      brokenMonitors.set(stage, server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
      const { port } = server.address() as AddressInfo;
      stage.monitorProxy.target = { host: '127.0.0.1', port };
      stage.monitorProxy.cut();
    },
    async end(stage) {
      const port = Number(new URL(stage.services.monitorUrl).port);
      stage.monitorProxy.target = { host: '127.0.0.1', port };
      stage.monitorProxy.cut();
      const server = brokenMonitors.get(stage);
      server?.closeAllConnections();
      server?.close();
    },
  },
];
