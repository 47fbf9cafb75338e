import { join } from 'node:path';
import { createOrderLog, type LoadOrder } from '../driver/order-log.ts';
import { createRecorder } from '../driver/recorder.ts';
import type { RunResult } from './result.ts';

/** A run of 12,345 orders, of which the last 45 were sold out; its order log is written into the folder. */
export async function someResult(folder: string, changes: Partial<RunResult> = {}): Promise<RunResult> {
  const log = createOrderLog(join(folder, 'orders.ndjson'));
  const recorder = createRecorder({ log, warmupSeconds: 0 });
  for (let index = 0; index < 12_345; index++) {
    const order: LoadOrder = {
      transactionId: `run-${index}`,
      sku: 'load',
      quantity: 1,
      customerId: 'c',
      intendedMs: recorder.elapsedMs(),
      warmup: false,
    };
    recorder.order(false);
    recorder.sent(order);
    if (index < 12_300) recorder.ended(order, 202, 'accepted');
    else recorder.ended(order, 409, 'sold-out');
  }
  await log.close();
  return {
    scenario: 'spike',
    summary: 'A promotion.',
    model: 'open-loop',
    passed: true,
    saleId: 'load-spike-1',
    settings: { rate: 5_000, seconds: 30, warmupSeconds: 0, stock: 12_300 },
    copies: 1,
    targets: ['http://127.0.0.1:8080/'],
    startedHere: false,
    capOrdersPerSecond: 1_234,
    thresholds: [
      {
        name: 'Busiest second',
        unit: 'orders',
        comparison: 'at most',
        value: 1_295,
        limit: 1_296,
        passed: true,
      },
    ],
    audit: {
      ...{ clean: true, report: { checked: 98_765 } },
      ...{ busiestSecondOrders: 1_295, capUsedRatio: 0.99, backlogSeconds: 30, databaseBoundSeconds: 0 },
    },
    drained: true,
    processes: [],
    drive: recorder.result(),
    samples: [
      { second: 0.9, waiting: 11_111, roles: { gateway: { cores: 0, rssBytes: 2 ** 20 } } },
      { second: 1.9, waiting: 0, roles: { gateway: { cores: 0.75, rssBytes: 2 ** 27 } } },
    ],
    environment: { cpu: 'Some CPU', cores: 2, memoryGiB: 8, kernel: 'Linux 6', node: 'v20' },
    ...changes,
  };
}
