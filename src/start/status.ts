import { Registry } from 'prom-client';
import { statusOf } from '../ops/cluster-status.ts';
import { createClusterWatch } from '../ops/cluster-watch.ts';
import { createLogger } from '../platform/logger.ts';
import { createClusterMetrics } from '../platform/metrics.ts';
import { readDepth } from '../queue/depth.ts';
import { withOperations } from './operations.ts';

/** One look at the cluster, from this process. */
export async function readStatus() {
  return withOperations(async ({ claims, ledger, target }) => {
    const watch = createClusterWatch({
      claims,
      ledger,
      readDepth: () => readDepth(target),
      metrics: createClusterMetrics(new Registry()),
      logger: createLogger('status', 'error'),
    });
    return statusOf(await watch.look());
  });
}
