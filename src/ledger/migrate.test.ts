import { readdirSync } from 'node:fs';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { createTestDatabase } from './ledger.testing.ts';
import { migrate } from './migrate.ts';

const files = readdirSync(new URL('migrations/', import.meta.url)).sort();
const everything = [
  ...files.map((name) => `applied migrations/${name}`),
  'applied settle-batch.sql',
  'applied redrive-order.sql',
  'applied recompute-ranking.sql',
  'applied remember-events.sql',
];

async function onDatabase<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  return work(client).finally(() => client.end());
}

test('several at once apply each file once, and repeating changes nothing', async () => {
  const databaseUrl = await createTestDatabase(inject('services'));
  const lines: string[] = [];
  const run = () => migrate(databaseUrl, (line) => lines.push(line));
  await Promise.all([run(), run(), run(), run()]);
  expect(lines).toEqual(everything);
  await run();
  expect(lines).toEqual(everything);
});

test('a migration that was edited after it was applied is refused, a function is replaced', async () => {
  const databaseUrl = await createTestDatabase(inject('services'));
  const lines: string[] = [];
  await migrate(databaseUrl, () => undefined);
  const forget = (name: string) =>
    onDatabase(databaseUrl, (client) =>
      client.query("UPDATE sluice_migrations SET checksum = 'another' WHERE name = $1", [name]),
    );
  await forget('settle-batch.sql');
  await migrate(databaseUrl, (line) => lines.push(line));
  expect(lines).toEqual(['applied settle-batch.sql']);
  await forget('migrations/001-ledger.sql');
  await expect(migrate(databaseUrl, () => undefined)).rejects.toMatchObject({ code: 'migration-edited' });
});

test('a migration that fails leaves no trace and can be repeated', async () => {
  const databaseUrl = await createTestDatabase(inject('services'));
  await onDatabase(databaseUrl, (client) => client.query('CREATE TABLE restocks ()'));
  await expect(migrate(databaseUrl, () => undefined)).rejects.toMatchObject({ code: 'ledger-unavailable' });
  await onDatabase(databaseUrl, async (client) => {
    expect((await client.query("SELECT to_regclass('sales') AS sales")).rows).toEqual([{ sales: null }]);
    await client.query('DROP TABLE restocks');
  });
  const lines: string[] = [];
  await migrate(databaseUrl, (line) => lines.push(line));
  expect(lines).toEqual(everything);
});
