import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['vitest.setup.ts'],
          expect: { poll: { timeout: 30_000 } },
          include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
          // A bound for what hangs: thousands of random histories take their time on a busy machine.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          setupFiles: ['vitest.setup.ts'],
          globalSetup: ['tests/support/servers.ts'],
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/faults/**'],
          // More files at once than cores: they wait rather than compute. The timeouts are bounds for what hangs.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
