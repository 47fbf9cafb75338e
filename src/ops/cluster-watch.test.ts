import fc from 'fast-check';
import type { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../../test/support/rig.ts';
import { createClusterMetrics, createRegistry } from '../platform/metrics.ts';
import { createClusterWatch, driftFrom } from './cluster-watch.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

function watchOf(depth = rig.depth) {
  const registry = createRegistry();
  const watch = createClusterWatch({
    claims: rig.claims,
    ledger: rig.ledger,
    readDepth: depth,
    metrics: createClusterMetrics(registry),
    logger: rig.logger,
  });
  return { watch, registry };
}
const linesOf = async (registry: Registry) => (await registry.metrics()).split('\n');

it('shows what waits, how long, the cap, and the stock of each SKU', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 50 }]);
  await rig.claimed(saleId, 'sku', 8);
  await rig.ledger.setCap(4, 'configured');
  const { watch, registry } = watchOf();
  const state = await watch.look();
  expect(state).toMatchObject({ waiting: 8, drainSeconds: 2, cap: { ordersPerSecond: 4 } });
  const lines = await linesOf(registry);
  expect(lines).toEqual(
    expect.arrayContaining([
      'sluice_orders_waiting 8',
      'sluice_backlog_drain_seconds 2',
      'sluice_drain_cap_orders_per_second{reason="configured"} 4',
      `sluice_stock_left{sale="${saleId}",sku="sku"} 50`,
      `sluice_stock_claimed{sale="${saleId}",sku="sku"} 8`,
      `sluice_stock_drift{sale="${saleId}",sku="sku"} 0`,
      'sluice_dependency_up{dependency="redis"} 1',
      'sluice_dependency_up{dependency="rabbitmq"} 1',
      'sluice_dependency_up{dependency="postgres"} 1',
    ]),
  );
  expect((await rig.claims.cluster())!.capOrdersPerSecond).toBe(4);
  await rig.ledger.setCap(2_000, 'configured');
});

it('a pause shows as a cap of 0, to the gateways too, and its backlog never drains', async () => {
  await rig.ledger.setPaused(true);
  const { watch, registry } = watchOf();
  expect((await watch.look()).drainSeconds).toBe(Number.POSITIVE_INFINITY);
  const lines = await linesOf(registry);
  expect(lines).toContain('sluice_drain_cap_orders_per_second{reason="paused"} 0');
  expect(lines.filter((line) => line.startsWith('sluice_drain_cap_'))).toHaveLength(1);
  expect((await rig.claims.cluster())!.capOrdersPerSecond).toBe(0);
  await rig.ledger.setPaused(false);
});

it('a Redis that promises more, or less, than the ledger has is shown as drift', async () => {
  const saleId = await rig.sale([
    { sku: 'more', stock: 10 },
    { sku: 'less', stock: 10 },
  ]);
  await rig.redis.hincrby(rig.saleKeys(saleId).stock, 'more', 5);
  await rig.redis.hincrby(rig.saleKeys(saleId).stock, 'less', -3);
  const { watch, registry } = watchOf();
  await watch.look();
  await watch.look();
  const lines = await linesOf(registry);
  expect(lines).toContain(`sluice_stock_drift{sale="${saleId}",sku="more"} 5`);
  expect(lines).toContain(`sluice_stock_drift{sale="${saleId}",sku="less"} -3`);
});

it('a restock that reached the ledger alone reaches the claims at the next look, once', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  await rig.claimed(saleId, 'sku', 2);
  await rig.ledger.restock(saleId, 'truck', 'sku', 5);
  const { watch, registry } = watchOf();
  await watch.look();
  await watch.look();
  expect((await rig.claims.counters(saleId))!.items).toMatchObject([{ left: 13, claimed: 2, initial: 15 }]);
  expect(await linesOf(registry)).toContain(`sluice_stock_drift{sale="${saleId}",sku="sku"} 0`);
});

it('orders between commit and settling are no drift; those that are never settled are', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const { watch, registry } = watchOf();
  await watch.look();
  const orders = await rig.claimed(saleId, 'sku', 2);
  expect((await rig.ledger.settleBatch(orders)).outcome).toBe('written');
  await watch.look();
  const drift = `sluice_stock_drift{sale="${saleId}",sku="sku"}`;
  expect(await linesOf(registry)).toContain(`${drift} 0`);
  await watch.look();
  expect(await linesOf(registry)).toContain(`${drift} 0`);
  await watch.look();
  expect(await linesOf(registry)).toContain(`${drift} 2`);
});

it('orders that are written and settled between the look at the ledger and that at Redis are no drift', async () => {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10 }]);
  const registry = createRegistry();
  let busy = true;
  const watch = createClusterWatch({
    claims: rig.claims,
    ledger: {
      readCap: () => rig.ledger.readCap(),
      async liveSales() {
        const sales = await rig.ledger.liveSales();
        if (busy) {
          const orders = await rig.claimed(saleId, 'sku', 2);
          const written = await rig.ledger.settleBatch(orders);
          if (written.outcome !== 'written') throw new Error(written.outcome);
          await rig.claims.settle(saleId, written.settlements);
        }
        return sales;
      },
    },
    readDepth: rig.depth,
    metrics: createClusterMetrics(registry),
    logger: rig.logger,
  });
  const drift = `sluice_stock_drift{sale="${saleId}",sku="sku"} 0`;
  for (let look = 0; look < 5; look++) {
    busy = look < 3;
    await watch.look();
    expect(await linesOf(registry), `look ${look}`).toContain(drift);
  }
});

it('drift is 0 exactly within what the ledger says at three looks', () => {
  const pieces = fc.integer({ min: 0, max: 1_000 });
  fc.assert(
    fc.property(pieces, pieces, pieces, pieces, (inRedis, before, then, after) => {
      const ledger = [before, then, after];
      const drift = driftFrom(inRedis, ledger);
      const [low, high] = [Math.min(...ledger), Math.max(...ledger)];
      expect(drift === 0).toBe(inRedis >= low && inRedis <= high);
      expect(inRedis - drift).toBeGreaterThanOrEqual(low);
      expect(inRedis - drift).toBeLessThanOrEqual(high);
    }),
  );
});

it('the queues are declared when the broker is first seen, and again only after it was away', async () => {
  const answers = [true, true, false, true, true];
  let declared = 0;
  const watch = createClusterWatch({
    claims: rig.claims,
    ledger: rig.ledger,
    async readDepth() {
      if (answers.shift()) return { ready: 0, unacknowledged: 0, deadLetters: 0 };
      throw new Error('away');
    },
    async restoreTopology() {
      declared += 1;
    },
    metrics: createClusterMetrics(createRegistry()),
    logger: rig.logger,
  });
  const seen: number[] = [];
  while (answers.length > 0) {
    await watch.look();
    seen.push(declared);
  }
  expect(seen).toEqual([1, 1, 1, 2, 2]);
});

it('a dependency that is away leaves its part unknown and the rest as it is', async () => {
  const { watch, registry } = watchOf(async () => {
    throw new Error('away');
  });
  expect(await watch.look()).toMatchObject({ depth: undefined, cap: { paused: false } });
  expect(await linesOf(registry)).toContain('sluice_dependency_up{dependency="rabbitmq"} 0');
  expect(await linesOf(registry)).toContain('sluice_dependency_up{dependency="postgres"} 1');
});
