import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import pg from 'pg';
import { ledgerError } from './errors.ts';
import { readSql } from './sql.ts';

/** Definitions that are replaced whole whenever their file changes. Their signatures stay compatible. */
const replaceable = ['settle-batch.sql', 'redrive-order.sql', 'recompute-ranking.sql', 'remember-events.sql'];

interface Migration {
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
  readonly once: boolean;
}

/**
 * Brings the database to this version's schema: each file of migrations/ once, in order of name, then functions
 * whose text has changed. Each in a transaction of its own, all under an advisory lock, so that processes that
 * start together wait for the first; repeating it changes nothing. Migrations of a newer
 * version are left as they are; its functions go back to this version's text.
 *
 * @param log gets one line per file that was applied
 * @throws OrderError `ledger-unavailable`; Error with code `migration-edited` where a file was changed after it
 *   was applied
 */
export async function migrate(databaseUrl: string, log: (line: string) => void): Promise<void> {
  const migrations = readMigrations();
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'sluice migrate' });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query("SELECT pg_advisory_lock(hashtextextended('sluice migrate', 0))");
    await client.query(
      'CREATE TABLE IF NOT EXISTS sluice_migrations (name text PRIMARY KEY, checksum text NOT NULL, ' +
        'applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'SELECT name, checksum FROM sluice_migrations',
    );
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    for (const migration of migrations) {
      const checksum = applied.get(migration.name);
      if (checksum === migration.checksum) continue;
      if (checksum !== undefined && migration.once) throw edited(migration.name);
      await apply(client, migration);
      log(`applied ${migration.name}`);
    }
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'migration-edited'
      ? error
      : ledgerError(error, 'ledger-unavailable');
  } finally {
    await client.end().catch(() => undefined);
  }
}

function readMigrations(): Migration[] {
  const once = readdirSync(new URL('migrations/', import.meta.url))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => `migrations/${name}`);
  return [...once, ...replaceable].map((name) => {
    const text = readSql(name);
    const checksum = createHash('sha256').update(text).digest('hex');
    return { name, text, checksum, once: once.includes(name) };
  });
}

async function apply(client: pg.Client, { name, text, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(text);
    await client.query(
      'INSERT INTO sluice_migrations (name, checksum) VALUES ($1, $2) ' +
        'ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = now()',
      [name, checksum],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function edited(name: string): Error {
  return Object.assign(new Error(`${name} was changed after it was applied; write a new migration`), {
    code: 'migration-edited',
  });
}
