import type { ServiceName } from '@podips/simulation';
import { expect, vi } from 'vitest';
import type { Fault } from './fault.js';
import { PATIENCE } from './felt.js';

const LIGHTS = {
  reader: { kubernetes: 'yellow', 'queue/write': 'yellow' },
  writer: { 'queue/read': 'yellow', log: 'yellow' },
} as const;

const killed = (name: 'reader' | 'writer'): Fault => ({
  name: `${name} killed`,
  part: name,
  lights: LIGHTS[name],
  async begin({ services }) {
    const process = services.process(name);
    process.kill('SIGKILL');
    await process.exited;
  },
  end: ({ services }) => services.start(name),
});

const frozen = (name: 'reader' | 'writer'): Fault => ({
  name: `${name} frozen`,
  part: name,
  lights: LIGHTS[name],
  begin: ({ services }) => services.process(name).kill('SIGSTOP'),
  end: ({ services }) => services.process(name).kill('SIGCONT'),
});

const terminated = (name: 'reader' | 'writer'): Fault => ({
  name: `${name} stopped in the middle of a burst`,
  part: name,
  lights: LIGHTS[name],
  async begin({ cluster, services }) {
    cluster.workloads.scaleDeployment('burst', 40);
    const process = services.process(name);
    process.kill('SIGTERM');
    await process.exited;
  },
  async end({ cluster, services }) {
    cluster.workloads.scaleDeployment('burst', 0);
    await services.start(name);
  },
});

/** The processes of podips come to an end, in one way or another. */
export const PROCESS_FAULTS: readonly Fault[] = [
  killed('reader'),
  killed('writer'),
  frozen('reader'),
  frozen('writer'),
  terminated('reader'),
  terminated('writer'),
  {
    name: 'monitor killed',
    part: 'monitor',
    lights: {},
    felt: async (stage) => () =>
      vi.waitFor(async () => expect((await stage.lights()).kubernetes).toBeUndefined(), PATIENCE),
    async begin({ services }) {
      const process = services.process('monitor');
      process.kill('SIGKILL');
      await process.exited;
    },
    end: ({ services }) => services.start('monitor' satisfies ServiceName),
  },
];
