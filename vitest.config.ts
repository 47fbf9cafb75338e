import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'loadtest/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/support/services.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Files take turns in two processes: one each would load everything anew 150 times, a fifth of the whole run.
    isolate: false,
  },
});
