import { configDefaults, defineConfig } from 'vitest/config';

const PROPERTIES = ['packages/*/src/**/*.property.test.ts', 'services/*/src/**/*.property.test.ts'];
/** Tests that take minutes, or need the machine for themselves: `npm run test:long`. */
const LONG = 'tests/**/*.long.test.ts';
const setupFiles = ['vitest.setup.ts'];

// All timeouts are bounds for what hangs.
export default defineConfig({
  test: {
    reporters: ['./tools/project-times.mjs', 'default'],
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          provide: { propertyRuns: 500 },
          expect: { poll: { timeout: 30_000 } },
          include: [
            'packages/*/src/**/*.test.ts',
            'services/*/src/**/*.test.ts',
            'bench/*.test.ts',
            'tools/**/*.test.ts',
          ],
          // Without a number it is one less than there are cores, and runs last.
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          setupFiles,
          globalSetup: ['tests/support/servers.ts'],
          include: ['tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'tests/faults/**', LONG],
          // More files at once than cores, for they wait rather than compute.
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'faults',
          setupFiles,
          include: ['tests/faults/**/*.test.ts'],
          exclude: [LONG],
          // Each file is a lane on a stage of its own, and waits for most of its time.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
          // ActiveMQ is started often here: its code is compiled quickly, not well.
          env: { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'long',
          setupFiles,
          provide: { propertyRuns: 10_000 },
          include: [LONG, ...PROPERTIES],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
