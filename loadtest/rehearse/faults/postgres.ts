import { rm, symlink } from 'node:fs/promises';
import pg from 'pg';
import type { Fault } from '../fault.ts';
import { connectToDatabase, onDatabase } from './pause-drain.ts';
import type { ProxiedRoles, RoleProxies } from './proxied-role.ts';

const terminated: Fault = {
  name: 'backends-terminated',
  summary: 'PostgreSQL ends every connection of ours (pg_terminate_backend)',
  strikes: 30,
  bound: 'neighbour',
  async strike(context) {
    const ended = await onDatabase(context.urls.databaseUrl, async (client) => {
      const { rows } = await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'sluice%'",
      );
      return rows.length;
    });
    return { did: `${ended} backends of PostgreSQL terminated` };
  },
};

/**
 * A table whose file is `/dev/full`, and a trigger that makes each batch write there: the kernel refuses with ENOSPC,
 * and PostgreSQL says so in its own words (53100), without a file system of its own having to be mounted and filled.
 */
const diskFull: Fault = {
  name: 'disk-full',
  summary: 'the disk under PostgreSQL is full for 15 s (ENOSPC, SQLSTATE 53100)',
  strikes: 30,
  bound: 'neighbour',
  needsPrivateServices: true,
  async strike(context) {
    const { databaseUrl } = context.urls;
    const said = await onDatabase(databaseUrl, async (client) => {
      await client.query('DROP TABLE IF EXISTS rehearsal_full CASCADE');
      await client.query('CREATE UNLOGGED TABLE rehearsal_full (filler text)');
      const { rows } = await client.query<{ path: string }>(
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('rehearsal_full') AS path",
      );
      await client.query('CHECKPOINT');
      const file = rows[0]!.path;
      await rm(file);
      await symlink('/dev/full', file);
      await client.query(
        `CREATE OR REPLACE FUNCTION rehearsal_fill() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN INSERT INTO rehearsal_full VALUES (''x''); RETURN NULL; END'`,
      );
      await client.query(
        'CREATE TRIGGER rehearsal_fill AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION rehearsal_fill()',
      );
      return client.query("INSERT INTO rehearsal_full VALUES ('x')").then(
        () => undefined,
        (error: unknown) => (error instanceof pg.DatabaseError ? error.code : String(error)),
      );
    });
    if (said !== '53100')
      throw new Error(`the disk is not full for PostgreSQL: it said ${said ?? 'nothing'}`);
    return {
      did: 'the disk under PostgreSQL is full (53100)',
      lastsMs: context.shortened(15_000),
      heal: () =>
        onDatabase(databaseUrl, async (client) => {
          await client.query('DROP TRIGGER IF EXISTS rehearsal_fill ON orders');
          await client.query('DROP FUNCTION IF EXISTS rehearsal_fill()');
          await client.query('DROP TABLE IF EXISTS rehearsal_full');
        }),
    };
  },
};

/** @param row what is locked, as a query that names the sale as $1 where it needs it */
function lockHeld(name: string, summary: string, row: string): Fault {
  return {
    name,
    summary,
    strikes: 30,
    bound: 'neighbour',
    async strike(context) {
      const client = await connectToDatabase(context.urls.databaseUrl);
      await client.query('BEGIN');
      await client.query(row, row.includes('$1') ? [context.saleId()] : []);
      return {
        did: 'somebody else holds the lock',
        lastsMs: context.shortened(20_000),
        heal: () => client.end(),
      };
    },
  };
}

function slow(proxied: ProxiedRoles): Fault {
  return {
    name: 'postgres-slow',
    summary: 'every answer of PostgreSQL to the drainers takes up to half a second longer, for 15 s',
    strikes: 30,
    bound: 'neighbour',
    async strike(context, random) {
      const delayMs = 100 + random.below(400);
      const proxies: RoleProxies[] = [];
      for (const drainer of context.drainers) proxies.push(await proxied.proxiesOf(context, drainer));
      for (const { postgres } of proxies) postgres.delay(0, delayMs);
      return {
        did: `PostgreSQL ${delayMs} ms slower for the drainers`,
        lastsMs: context.shortened(15_000),
        async heal() {
          for (const { postgres } of proxies) postgres.mend();
        },
      };
    },
  };
}

/** What can become of PostgreSQL while it runs. */
export function postgresFaults(proxied: ProxiedRoles): Fault[] {
  return [
    terminated,
    diskFull,
    lockHeld(
      'cap-lock-held',
      'somebody else holds the lock of the cap for 20 s',
      'SELECT FROM drain_cap FOR UPDATE',
    ),
    lockHeld(
      'stock-lock-held',
      'somebody else holds the locks of the stock for 20 s',
      'SELECT FROM sale_items WHERE sale_id = $1 FOR UPDATE',
    ),
    slow(proxied),
  ];
}
