import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `npm run screenshots`: draws docs/images/ anew from the real pages, on private services as the tests have them. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../', import.meta.url)),
    include: ['test/screenshots/**/*.shots.ts'],
    globalSetup: ['test/support/services.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
  },
});
