import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { countLedger } from './ledger-counts.ts';

const MIGRATION = new URL('../../src/ledger/migrations/001-ledger.sql', import.meta.url);

async function migratedDatabase(): Promise<{ databaseUrl: string; client: pg.Client }> {
  const name = `loadtest_${randomUUID().replaceAll('-', '')}`;
  const server = inject('services').databaseUrl;
  const admin = new pg.Client(server);
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const databaseUrl = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(await readFile(MIGRATION, 'utf8'));
  return { databaseUrl, client };
}

describe('the ledger count', () => {
  it('counts one sale by what was confirmed and when it was settled', async () => {
    const { databaseUrl, client } = await migratedDatabase();
    try {
      const startedAt = '2026-11-20T10:00:00.500Z';
      await client.query(`INSERT INTO sales (sale_id, opens_at, closes_at)
        SELECT id, now(), now() + interval '1 hour' FROM unnest(ARRAY['ours', 'theirs']) AS id`);
      await client.query(`INSERT INTO sale_items (sale_id, sku, name, price_minor, stock_initial, stock_left)
        SELECT sale, sku, sku, 100, 1000, 1000
          FROM unnest(ARRAY['ours', 'theirs']) AS sale, unnest(ARRAY['load', 'warm-up']) AS sku`);
      await client.query(`INSERT INTO orders
          (sale_id, transaction_id, sku, customer_id, quantity, status, reason, sequence, accepted_at, settled_at)
        SELECT sale, 'transaction-' || row_number() OVER (), sku, 'c', quantity, status,
               CASE status WHEN 'rejected' THEN 'sold-out' END, row_number() OVER (), settled::timestamptz, settled::timestamptz
          FROM (VALUES ('ours', 'warm-up', 1, 'confirmed', '2026-11-20T10:00:00.600Z'),
                       ('ours', 'load', 2, 'confirmed', '2026-11-20T10:00:01.400Z'),
                       ('ours', 'load', 3, 'confirmed', '2026-11-20T10:00:02.600Z'),
                       ('ours', 'load', 5, 'rejected', '2026-11-20T10:00:02.700Z'),
                       ('theirs', 'load', 7, 'confirmed', '2026-11-20T10:00:00.600Z'))
               AS rows (sale, sku, quantity, status, settled)`);
      expect(await countLedger(databaseUrl, 'ours', startedAt)).toEqual({
        orders: 4,
        confirmedOrders: 3,
        confirmedPieces: 5,
        settledPerSecond: [2, 0, 2],
      });
    } finally {
      await client.end();
    }
  });
});
