import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import type { ClaimedOrder } from '../order/order.ts';
import type { SaleItem } from '../order/sale.ts';
import { createLedger, type LedgerOptions, type LedgerStage, migrate } from './ledger.ts';

/** A database of a test file's own, migrated, with a ledger and a plain client on it. */
export interface TestLedger {
  readonly databaseUrl: string;
  readonly ledger: LedgerStage;
  readonly client: pg.Client;
  /** Another ledger on the same database. */
  another(options?: Partial<LedgerOptions>): LedgerStage;
  close(): Promise<void>;
}

/** An empty database of its own on the server at `databaseUrl`; resolves with its URL. */
export async function createTestDatabase({ databaseUrl }: { databaseUrl: string }): Promise<string> {
  const name = `ledger_${randomUUID().replaceAll('-', '')}`;
  const admin = new pg.Client(databaseUrl);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function openTestLedger(
  services: { databaseUrl: string },
  options: Partial<LedgerOptions> = {},
): Promise<TestLedger> {
  const databaseUrl = await createTestDatabase(services);
  await migrate(databaseUrl, () => undefined);
  const opened: LedgerStage[] = [];
  const another = (more: Partial<LedgerOptions> = {}) => {
    const ledger = createLedger({
      databaseUrl,
      poolSize: 4,
      statementTimeoutMs: 5_000,
      batchMaxOrders: 500,
      logger: pino({ level: 'silent' }),
      applicationName: 'ledger test',
      ...options,
      ...more,
    });
    opened.push(ledger);
    return ledger;
  };
  const ledger = another();
  await ledger.start();
  const client = new pg.Client(databaseUrl);
  client.on('error', () => undefined);
  await client.connect();
  return {
    databaseUrl,
    ledger,
    client,
    another,
    async close() {
      await Promise.all(opened.map((one) => one.stop(5_000)));
      await client.end();
    },
  };
}

/** A new sale with these items, open since an hour. */
export async function putSale(
  ledger: LedgerStage,
  items: readonly (Pick<SaleItem, 'sku' | 'stock'> & Partial<SaleItem>)[],
): Promise<string> {
  const saleId = `sale-${randomUUID()}`;
  await ledger.applySale({
    saleId,
    opensAtMs: Date.now() - 3_600_000,
    closesAtMs: Date.now() + 3_600_000,
    items: items.map((item) => ({ name: item.sku, priceMinor: 1_000, ...item })),
  });
  return saleId;
}

let sequence = 0;

export function claimedOrder(
  order: Partial<ClaimedOrder> & Pick<ClaimedOrder, 'saleId' | 'sku'>,
): ClaimedOrder {
  return {
    transactionId: randomUUID(),
    customerId: `customer-${sequence}`,
    quantity: 1,
    sequence: ++sequence,
    claimedAtMs: Date.now(),
    ...order,
  };
}

/** Settles a batch, waiting as told. */
export async function settle(ledger: LedgerStage, orders: readonly ClaimedOrder[]) {
  for (;;) {
    const result = await ledger.settleBatch(orders);
    if (result.outcome === 'written') return result.settlements;
    if (result.outcome !== 'wait') throw new Error(`the batch is ${result.outcome}`);
    await new Promise((resolve) => setTimeout(resolve, result.waitMs));
  }
}

/** `confirmed`, or the reason. */
export function words(settlements: Awaited<ReturnType<typeof settle>>): string[] {
  return settlements.map(({ status, reason }) => reason ?? status);
}
