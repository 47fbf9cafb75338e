import pg from 'pg';
import { expect } from 'vitest';
import type { AuditReport } from '../../../src/ops/audit/report.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { readConfig } from '../../../src/platform/config/read.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { claimsFor } from '../../../src/start/stages.ts';
import { until } from '../../support/wait.ts';
import type { Cluster } from './cluster.ts';
import { isUnanswered, type Ticket } from './crowd.ts';

interface Status {
  readonly waiting: number | null;
  readonly sales: readonly {
    saleId: string;
    items: readonly { sku: string; stock: number; stockLeft: number; toClaim: number; claimed: number }[];
  }[];
}

const quietMs = 60_000;

/** The product's own opinion. It may leave open what RabbitMQ's counts, seconds old, do not tell yet. */
async function expectCleanAudit(cluster: Cluster, saleId: string): Promise<void> {
  const { stdout, stderr } = await cluster.sluice('audit', '--json', '--sale', saleId);
  expect(stdout, stderr).not.toBe('');
  const report: AuditReport = JSON.parse(stdout);
  expect(report.sales).toMatchObject([{ saleId, waiting: 0 }]);
  expect(report.checks.filter(({ verdict }) => verdict === 'holds').length).toBeGreaterThan(3);
  expect(report.checks.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
}

/** Waits until nothing of the sale is under way, then holds ledger, claims and answers against the promises. */
export async function expectPromisesKept(
  cluster: Cluster,
  saleId: string,
  tickets: readonly Ticket[],
): Promise<void> {
  const items = await untilQuiet(cluster, saleId);
  const db = new pg.Client(cluster.stack.databaseUrl);
  await db.connect();
  try {
    const { rows: orders } = await db.query<{ id: string; sku: string; status: string; quantity: number }>(
      'SELECT transaction_id AS id, sku, status, quantity FROM orders WHERE sale_id = $1',
      [saleId],
    );
    const rows = new Map(orders.map((order) => [order.id, order]));
    expect(rows.size, 'no transaction ID has two rows').toBe(orders.length);

    const answered = tickets.filter(({ answers }) => answers.some((s) => s === 202 || s === 200));
    expect(answered.length, 'some orders were taken').toBeGreaterThan(0);
    const broken = answered.filter(({ order }) => rows.get(order.transactionId)?.status !== 'confirmed');
    expect(broken, 'every 202 is a confirmed order').toEqual([]);
    const refused = tickets.filter(
      ({ answers, order }) =>
        rows.has(order.transactionId) && !answers.some((s) => s === 202 || s === 200 || isUnanswered(s)),
    );
    expect(refused, 'what was refused for good is not in the ledger').toEqual([]);

    for (const { sku, stock, stockLeft, toClaim, claimed } of items) {
      const sold = orders
        .filter((order) => order.sku === sku && order.status === 'confirmed')
        .reduce((pieces, order) => pieces + order.quantity, 0);
      expect({ sku, stock, inRedis: toClaim + claimed }).toEqual({
        sku,
        stock: stockLeft + sold,
        inRedis: stockLeft,
      });
      const wanted = tickets.filter(({ order }) => order.sku === sku).length;
      if (sku === 'scarce' && wanted > 2 * stock) expect(stockLeft, 'all scarce pieces are sold').toBe(0);
    }
    const { rows: overLimit } = await db.query(
      `SELECT customer_id, sku, sum(quantity) FROM orders o JOIN sale_items USING (sale_id, sku)
        WHERE o.sale_id = $1 AND status = 'confirmed' GROUP BY customer_id, sku, customer_limit
       HAVING sum(quantity) > customer_limit`,
      [saleId],
    );
    expect(overLimit, 'nobody has more than the limit').toEqual([]);
  } finally {
    await db.end();
  }
  await expectNothingPending(cluster, saleId);
  await expectCleanAudit(cluster, saleId);
}

async function untilQuiet(cluster: Cluster, saleId: string) {
  return withClaims(cluster, (claims) =>
    until(
      async () => {
        // Redis first: asking the command costs a process each time.
        const counters = await claims.counters(saleId);
        if (counters?.settled !== counters?.sequence) return undefined;
        const { code, stdout } = await cluster.sluice('status', '--json');
        if (code !== 0) return undefined;
        const status: Status = JSON.parse(stdout);
        const items = status.sales.find((sale) => sale.saleId === saleId)?.items ?? [];
        return status.waiting === 0 && items.length > 0 && items.every((item) => item.claimed === 0) && items;
      },
      { deadlineMs: quietMs, what: `nothing of ${saleId} to be under way` },
    ),
  );
}

function expectNothingPending(cluster: Cluster, saleId: string): Promise<void> {
  return withClaims(cluster, async (claims) => {
    expect(await claims.pending(saleId, (await claims.nowMs()) + 1, 10)).toEqual([]);
  });
}

async function withClaims<T>(
  cluster: Cluster,
  work: (claims: ReturnType<typeof claimsFor>) => Promise<T>,
): Promise<T> {
  const claims = claimsFor({
    config: readConfig({}),
    target: cluster.stack,
    logger: createLogger('test', 'silent'),
    clock: systemClock,
  });
  await claims.start();
  try {
    return await work(claims);
  } finally {
    await claims.stop(1_000);
  }
}
