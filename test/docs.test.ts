import { describe, expect, it } from 'vitest';
import { describeSettings } from '../src/platform/config/describe.ts';

const preamble = `# Configuration

Every setting is an environment variable. All faults are reported at once, before anything starts. Variables that
are empty count as unset. This table is generated from \`src/platform/config/settings.ts\`; \`npx vitest run
test/docs.test.ts -u\` writes it anew.
`;

describe('the documentation', () => {
  it('lists every setting as the code has it', async () => {
    await expect(`${preamble}\n${describeSettings()}\n`).toMatchFileSnapshot('../docs/configuration.md');
  });
});
