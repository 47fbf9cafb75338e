import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Each mutant runs tests or a whole rehearsal of its own: minutes, one after the other. */
export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../../', import.meta.url)),
    include: ['test/mutants/*.long.ts'],
    testTimeout: 600_000,
  },
});
