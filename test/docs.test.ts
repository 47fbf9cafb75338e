import { describe, expect, it } from 'vitest';
import { describeSettings } from '../src/platform/config/describe.ts';
import { createProgram } from '../src/start/program.ts';
import { describeMetrics } from './packaging/metric-docs.ts';
import { describeCommands } from './support/describe-commands.ts';

const settings = `# Configuration

Every setting is an environment variable. All faults are reported at once, before anything starts. Variables that
are empty count as unset. This table is generated from \`src/platform/config/settings.ts\`; \`npx vitest run
test/docs.test.ts -u\` writes it anew.
`;

const metricsPreamble = `# Metrics

Each process serves its own \`/metrics\`. What is true of the whole cluster comes from the ops role alone, so that two
gateways do not count it twice. A histogram named here is \`…_bucket\`, \`…_sum\` and \`…_count\`. These tables are
generated from \`src/platform/metrics.ts\` and \`grafana/\`; \`npx vitest run test/docs.test.ts -u\` writes them anew.

RabbitMQ's own metrics come from its Prometheus plug-in: totals from \`/metrics\`, and for each queue from
\`/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count\`.
`;

const commands = `# The command

\`sluice …\` works on the instance that runs in the current folder (\`.sluice/run.json\`), or on the servers that
\`DATABASE_URL\`, \`AMQP_URL\` and \`REDIS_URL\` name. Only \`sluice up\` starts servers.

| exit code | means                                                                                               |
| --------- | --------------------------------------------------------------------------------------------------- |
| 0         | done                                                                                                |
| 1         | it failed, or what was asked is not so: a server is away, a promise is broken, a letter had to stay |
| 2         | the command line is wrong: an unknown command or option, a value out of its range; nothing was done |

What is asked for goes to standard output, everything else to standard error. With \`--json\` standard output is JSON
alone. Colours show on a terminal only, and never with \`NO_COLOR\`. \`sluice completion bash\` (or \`zsh\`, \`fish\`)
prints a completion script: \`source <(sluice completion bash)\` in \`~/.bashrc\`.

The rest of this page is what \`--help\` says; \`npx vitest run test/docs.test.ts -u\` writes it anew.
`;

describe('the documentation', () => {
  it('lists every metric as the code exposes it, with the dashboards and alerts that read it', async () => {
    await expect(`${metricsPreamble}\n${describeMetrics()}\n`).toMatchFileSnapshot('../docs/metrics.md');
  });

  it('lists every setting as the code has it', async () => {
    await expect(`${settings}\n${describeSettings()}\n`).toMatchFileSnapshot('../docs/configuration.md');
  });

  it('describes every command as its help does', async () => {
    await expect(`${commands}\n${describeCommands(createProgram({}))}`).toMatchFileSnapshot('../docs/cli.md');
  });
});
