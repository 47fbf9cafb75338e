// biome-ignore-all lint/style/noRestrictedImports: the tests of the audit run on the real stages.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createStack } from '../../../test/support/stack.ts';
import { until } from '../../../test/support/wait.ts';
import { createClaims } from '../../claim/claims.ts';
import { saleKeys } from '../../claim/keys.ts';
import { createLedger, migrate } from '../../ledger/ledger.ts';
import type { ClaimedOrder, Order } from '../../order/order.ts';
import type { SaleItem } from '../../order/sale.ts';
import { systemClock } from '../../platform/clock.ts';
import { readConfig } from '../../platform/config/read.ts';
import { freePort } from '../../platform/free-port.ts';
import { createLogger } from '../../platform/logger.ts';
import { runAudit } from '../../start/audit.ts';
import type { AuditReport } from './report.ts';

export interface LogLine extends Order {
  readonly status: number;
  readonly outcome: string;
}

/** Claim stage and ledger on servers of a test file's own, and clients to break their data with. */
export async function openAuditedInstance() {
  const stack = await createStack();
  await migrate(stack.databaseUrl, () => undefined);
  const logger = createLogger('test', 'silent');
  const ledger = createLedger({
    databaseUrl: stack.databaseUrl,
    poolSize: 2,
    statementTimeoutMs: 5_000,
    batchMaxOrders: 500,
    applicationName: 'audit test',
    logger,
  });
  await ledger.start();
  await ledger.setCap(1_000_000, 'test');
  const claims = createClaims({
    redisUrl: stack.redisUrl,
    commandTimeoutMs: 500,
    reopenAfterMs: 100,
    acceptFlushMs: 5,
    logger,
    clock: systemClock,
  });
  await claims.start();
  await claims.vet((await claims.runIds()).current);
  const sql = new pg.Client(stack.databaseUrl);
  sql.on('error', () => undefined);
  await sql.connect();
  const redis = new Redis(stack.redisUrl, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-audit-'));

  async function settle(orders: readonly ClaimedOrder[]): Promise<void> {
    for (;;) {
      const written = await ledger.settleBatch(orders);
      if (written.outcome === 'written') {
        await claims.settle(orders[0]!.saleId, written.settlements);
        return;
      }
      if (written.outcome !== 'wait') throw new Error(`the batch is ${written.outcome}`);
      await systemClock.sleep(written.waitMs);
    }
  }

  return {
    stack,
    sql,
    redis,
    ledger,
    claims,
    settle,
    saleKeys,
    /** A port that nobody listens on. */
    nowhere: freePort,

    /** A sale of 5 pieces of `a` (one a customer) and 10 of `b`. */
    async putSale(items: readonly Partial<SaleItem>[] = [{ customerLimit: 1 }, {}]): Promise<string> {
      const saleId = `sale-${randomUUID()}`;
      const stocks = [5, 10];
      const sale = {
        saleId,
        opensAtMs: Date.now() - 3_600_000,
        closesAtMs: Date.now() + 3_600_000,
        items: items.map((item, i) => ({
          sku: 'ab'[i]!,
          name: 'ab'[i]!,
          priceMinor: 100,
          stock: stocks[i]!,
          ...item,
        })),
      };
      await ledger.applySale(sale);
      await claims.putSale(sale, 1);
      return saleId;
    },

    /** Claims for one order of each customer; resolves with those that got stock and the log of all answers. */
    async claim(saleId: string, sku: string, customers: readonly string[], quantity = 1) {
      const orders = customers.map((customer) => ({
        transactionId: `order-${sku}-${customer}`,
        sku,
        quantity,
        customerId: customer,
      }));
      const outcomes = await claims.claim(saleId, 1, orders);
      const claimed = outcomes.flatMap((outcome) => (outcome.outcome === 'claimed' ? [outcome.order] : []));
      const log = orders.map((order, i): LogLine => {
        const won = outcomes[i]!.outcome === 'claimed';
        return won
          ? { ...order, status: 202, outcome: 'accepted' }
          : { ...order, status: 409, outcome: outcomes[i]!.outcome };
      });
      return { claimed, log };
    },

    writeLog(lines: readonly (LogLine | string)[]): string {
      const path = join(folder, `${randomUUID()}.ndjson`);
      const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
      writeFileSync(path, `${text.join('\n')}\n`);
      return path;
    },

    /** @param elsewhere servers to look for in another place */
    audit: (options: { sale?: string; log?: string } = {}, elsewhere: object = {}): Promise<AuditReport> =>
      runAudit(
        { config: readConfig({}), target: { ...stack, ...elsewhere }, progress: () => undefined },
        options,
      ),

    async restartRedis(): Promise<void> {
      await stack.redis.restart();
      await until(
        async () => {
          await claims.vet((await claims.runIds()).current);
          return claims.available();
        },
        { deadlineMs: 10_000, what: 'claims on the Redis that is back' },
      );
    },

    async close(): Promise<void> {
      redis.disconnect();
      await Promise.all([sql.end(), claims.stop(1_000), ledger.stop(1_000)]);
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type AuditedInstance = Awaited<ReturnType<typeof openAuditedInstance>>;

/**
 * A sale that went well: 5 of 7 customers got an `a`, two of them asked twice; 3 bought 2 `b` each. Resolves with
 * the log of all answers.
 */
export async function soldOutSale(at: AuditedInstance): Promise<{ saleId: string; log: LogLine[] }> {
  const saleId = await at.putSale();
  const a = await at.claim(saleId, 'a', ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']);
  const b = await at.claim(saleId, 'b', ['c1', 'c2', 'c3'], 2);
  await at.settle([...a.claimed, ...b.claimed]);
  const again = a.log.slice(0, 2).map((line) => ({ ...line, status: 200, outcome: 'replayed' }));
  return { saleId, log: [...a.log, ...b.log, ...again] };
}

/** The checks that do not hold, with what they list. */
export function failures(report: AuditReport) {
  return Object.fromEntries(
    report.checks.filter((check) => !check.ok).map((check) => [check.name, check.offending]),
  );
}
