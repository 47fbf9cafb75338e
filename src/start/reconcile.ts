import { Registry } from 'prom-client';
import { createClusterWatch } from '../ops/cluster-watch.ts';
import { explainedWaitMs } from '../ops/ops-loops.ts';
import { createReconciler, type SalePlan } from '../ops/reconciler.ts';
import { orderError } from '../order/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createClusterMetrics } from '../platform/metrics.ts';
import { readDepth } from '../queue/depth.ts';
import { startedWithin } from './in-order.ts';
import { withOperations } from './operations.ts';
import { publisherFor } from './stages.ts';

const connectMs = 5_000;

/** `sluice reconcile`: one round of the reconciler, or, with `dryRun`, what it would do. */
export async function reconcileCommand(options: { dryRun?: boolean; json?: boolean }): Promise<void> {
  await withOperations(async ({ claims, ledger, config, target }) => {
    const logger = createLogger('command', 'error');
    const metrics = createClusterMetrics(new Registry());
    const publisher = publisherFor({ config, target, logger, clock: systemClock });
    const reconciler = createReconciler({
      claims,
      ledger,
      publisher,
      metrics,
      logger,
      options: { confirmTimeoutMs: config.CONFIRM_TIMEOUT_MS, envelopeMaxOrders: config.ENVELOPE_MAX_ORDERS },
    });
    const readDepthNow = () => readDepth(target);
    const watch = createClusterWatch({ claims, ledger, readDepth: readDepthNow, metrics, logger });
    const explainedMs = explainedWaitMs(await watch.look());
    const saleIds = ((await claims.catalog()) ?? [])
      .filter((sale) => sale.state === 'open')
      .map((sale) => sale.saleId);
    if (options.dryRun) {
      printPlans(await reconciler.plan(saleIds, explainedMs), options.json);
      return;
    }
    try {
      await startedWithin(connectMs, publisher).start();
      if (publisher.state() !== 'up') {
        throw orderError('queue-unavailable', `nothing was reconciled: RabbitMQ is ${publisher.state()}`);
      }
      const round = await reconciler.round(saleIds, explainedMs);
      if (options.json) console.log(JSON.stringify(round, undefined, 2));
      else console.log(`republished ${round.republished} orders, settled ${round.settled} claims`);
    } finally {
      await publisher.stop(connectMs);
    }
  });
}

function printPlans(plans: readonly SalePlan[], json: boolean | undefined): void {
  if (json) {
    const sales = plans.map(({ saleId, settle, republish }) => ({
      saleId,
      republish: republish.map((order) => order.transactionId),
      settle: settle.map(({ order, status, reason }) => ({
        transactionId: order.transactionId,
        status,
        reason: reason ?? null,
      })),
    }));
    console.log(JSON.stringify({ sales }, undefined, 2));
    return;
  }
  for (const { saleId, settle, republish } of plans) {
    console.log(`${saleId}: would republish ${republish.length} orders and settle ${settle.length} claims`);
    for (const order of republish) console.log(`  republish  ${order.transactionId}`);
    for (const { order, status } of settle) console.log(`  settle     ${order.transactionId}  ${status}`);
  }
}
