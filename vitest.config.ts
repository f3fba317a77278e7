import { defineConfig } from 'vitest/config';

const everywhere = ['pipeline', 'platform', 'video', 'gateway', 'schemas', 'cli', 'bench', 'test'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: everywhere.map((dir) => `${dir}/**/*.test.ts`),
          exclude: ['**/*.integration.test.ts', '**/*.e2e.test.ts'],
          testTimeout: 20_000,
          // A condition that a test waits for may take its time on a busy machine.
          expect: { poll: { timeout: 15_000, interval: 10 } },
        },
      },
      {
        test: {
          name: 'integration',
          globalSetup: ['test/docker.ts', 'test/build.ts'],
          fileParallelism: false,
          include: everywhere.map((dir) => `${dir}/**/*.integration.test.ts`),
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: everywhere.map((dir) => `${dir}/**/*.e2e.test.ts`),
          globalSetup: ['test/build.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
    ],
    passWithNoTests: true,
  },
});
