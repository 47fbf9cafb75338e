import { describe, expect, it } from 'vitest';
import { describeSettings } from '../src/platform/config/describe.ts';
import { describeMetrics } from './packaging/metric-docs.ts';

const preamble = `# Configuration

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

describe('the documentation', () => {
  it('lists every metric as the code exposes it, with the dashboards and alerts that read it', async () => {
    await expect(`${metricsPreamble}\n${describeMetrics()}\n`).toMatchFileSnapshot('../docs/metrics.md');
  });

  it('lists every setting as the code has it', async () => {
    await expect(`${preamble}\n${describeSettings()}\n`).toMatchFileSnapshot('../docs/configuration.md');
  });
});
