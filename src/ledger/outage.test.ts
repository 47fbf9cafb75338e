import { connect, createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { claimedOrder, openTestLedger, putSale, settle, type TestLedger, words } from './ledger.testing.ts';

let at: TestLedger;
/** Looks on while `at.client` is in a transaction, where pg_stat_activity stands still. */
let watcher: pg.Client;

beforeAll(async () => {
  at = await openTestLedger(inject('services'));
  await at.ledger.setCap(1_000_000, 'test');
  watcher = new pg.Client(at.databaseUrl);
  await watcher.connect();
});
afterAll(async () => {
  await watcher.end();
  await at.close();
});

const unavailable = { code: 'ledger-unavailable', disposition: 'retry' };

/** Ends the sessions whose application name is like this; resolves with how many there were. */
async function terminate(applicationName: string): Promise<number> {
  const { rowCount } = await watcher.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = $1`,
    [applicationName],
  );
  return rowCount ?? 0;
}

/** Resolves once a session of that name waits for a lock. */
async function untilBlocked(applicationName: string): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const { rowCount } = await watcher.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1
          AND wait_event_type = 'Lock'`,
      [applicationName],
    );
    if (rowCount) return;
    if (Date.now() > deadline) throw new Error(`no session of ${applicationName} waits for a lock`);
  }
}

describe('a connection that is lost', () => {
  test('in the middle of a batch is ledger-unavailable, and the repeat sells once', async () => {
    const ledger = at.another({ applicationName: 'victim' });
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const batch = [1, 2].map(() => claimedOrder({ saleId, sku: 'a' }));
    await at.client.query('BEGIN');
    await at.client.query('SELECT FROM sale_items WHERE sale_id = $1 FOR UPDATE', [saleId]);
    const outcome = expect(ledger.settleBatch(batch)).rejects.toMatchObject(unavailable);
    await untilBlocked('victim');
    expect(await terminate('victim')).toBe(1);
    await outcome;
    await at.client.query('COMMIT');
    expect(words(await settle(ledger, batch))).toEqual(['confirmed', 'confirmed']);
    expect((await at.ledger.sale(saleId))!.items[0]!.stockLeft).toBe(8);
  });

  test('while idle is replaced unnoticed', async () => {
    const ledger = at.another({ applicationName: 'idle victim' });
    await ledger.readCap();
    expect(await terminate('idle victim')).toBe(1);
    await expect
      .poll(() =>
        ledger.readCap().then(
          () => 'answered',
          () => 'failed',
        ),
      )
      .toBe('answered');
  });

  test('after the commit and before its answer: the repeat gets what was written', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const proxy = await openProxy(at.databaseUrl);
    const ledger = at.another({ databaseUrl: proxy.url });
    await ledger.start();
    const batch = [claimedOrder({ saleId, sku: 'a' })];
    proxy.atNextAnswer('cut');
    await expect(ledger.settleBatch(batch)).rejects.toMatchObject(unavailable);
    await expect.poll(() => at.ledger.find(saleId, [batch[0]!.transactionId])).toHaveLength(1);
    expect(words(await settle(ledger, batch))).toEqual(['confirmed']);
    expect((await at.ledger.sale(saleId))!.items[0]!.stockLeft).toBe(9);
    await ledger.stop(1_000);
    await proxy.close();
  });
});

test('a server that falls silent is ledger-unavailable, and its connection is not used again', async () => {
  const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
  const proxy = await openProxy(at.databaseUrl);
  const ledger = at.another({ databaseUrl: proxy.url, statementTimeoutMs: 500, poolSize: 1 });
  await ledger.start();
  const batch = [claimedOrder({ saleId, sku: 'a' })];
  proxy.atNextAnswer('swallow');
  await expect(ledger.settleBatch(batch)).rejects.toMatchObject(unavailable);
  expect(words(await settle(ledger, batch))).toEqual(['confirmed']);
  expect((await at.ledger.sale(saleId))!.items[0]!.stockLeft).toBe(9);
  await ledger.stop(1_000);
  await proxy.close();
});

test('a batch that waits for a lock for too long is ledger-unavailable, and its connection stays', async () => {
  const ledger = at.another({ applicationName: 'patient', statementTimeoutMs: 200, poolSize: 1 });
  const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
  const pid = async () =>
    (await watcher.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'patient'`)).rows;
  await ledger.readCap();
  const before = await pid();
  await at.client.query('BEGIN');
  await at.client.query('SELECT FROM drain_cap FOR UPDATE');
  const batch = [claimedOrder({ saleId, sku: 'a' })];
  await expect(ledger.settleBatch(batch)).rejects.toMatchObject(unavailable);
  await at.client.query('COMMIT');
  expect(words(await settle(ledger, batch))).toEqual(['confirmed']);
  expect(await pid()).toEqual(before);
});

test('a database without the schema is ledger-unavailable: no order is to blame', async () => {
  const ledger = at.another({ databaseUrl: inject('services').databaseUrl });
  await expect(ledger.settleBatch([claimedOrder({ saleId: 's', sku: 'a' })])).rejects.toMatchObject(
    unavailable,
  );
});

describe('start and stop', () => {
  test('start waits for a database that is not there yet', async () => {
    const proxy = await openProxy(at.databaseUrl);
    await proxy.close();
    const ledger = at.another({ databaseUrl: proxy.url });
    const started = ledger.start();
    await expect(ledger.readCap()).rejects.toMatchObject(unavailable);
    const again = await openProxy(at.databaseUrl, proxy.port);
    await started;
    await ledger.stop(1_000);
    await again.close();
  });

  test('stop ends a start that waits, and can be called twice', async () => {
    const proxy = await openProxy(at.databaseUrl);
    await proxy.close();
    const ledger = at.another({ databaseUrl: proxy.url });
    const started = expect(ledger.start()).rejects.toMatchObject(unavailable);
    await Promise.all([ledger.stop(1_000), ledger.stop(1_000), started]);
    await expect(ledger.readCap()).rejects.toMatchObject(unavailable);
  });

  test('stop lets a batch under way finish, and cuts it at the deadline', async () => {
    const saleId = await putSale(at.ledger, [{ sku: 'a', stock: 10 }]);
    const one = at.another({ applicationName: 'stopping' });
    const two = at.another({ applicationName: 'cut' });
    await at.client.query('BEGIN');
    await at.client.query('SELECT FROM sale_items WHERE sale_id = $1 FOR UPDATE', [saleId]);
    const finishes = settle(one, [claimedOrder({ saleId, sku: 'a' })]);
    await untilBlocked('stopping');
    const stopped = one.stop(5_000);
    const isCut = expect(two.settleBatch([claimedOrder({ saleId, sku: 'a' })])).rejects.toMatchObject(
      unavailable,
    );
    await untilBlocked('cut');
    await two.stop(0);
    await isCut;
    await at.client.query('COMMIT');
    expect(words(await finishes)).toEqual(['confirmed']);
    await stopped;
  });
});

describe('exclusively', () => {
  test('one holder at a time; the others get undefined; free again afterwards', async () => {
    const other = at.another();
    const result = await at.ledger.exclusively('reconciler', async () => {
      expect(await other.exclusively('reconciler', async () => 'second')).toBeUndefined();
      return other.exclusively('rebuild', async () => 'another name');
    });
    expect(result).toBe('another name');
    await expect.poll(() => other.exclusively('reconciler', async () => 'free')).toBe('free');
  });

  test('an error of the work is passed on, and the lock is free', async () => {
    const failure = new Error('work failed');
    await expect(at.ledger.exclusively('x', () => Promise.reject(failure))).rejects.toBe(failure);
    await expect.poll(() => at.ledger.exclusively('x', async () => 'free')).toBe('free');
  });

  test('a holder that loses its connection is told by the signal, with the reason', async () => {
    const holder = at.another({ applicationName: 'holder' });
    await holder.exclusively('lost', async (signal) => {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      expect(await terminate('holder lock')).toBe(1);
      await aborted;
      expect(signal.reason).toMatchObject(unavailable);
      expect(await at.ledger.exclusively('lost', async () => 'taken over')).toBe('taken over');
    });
  });

  test('stop tells the holder and waits for it', async () => {
    const holder = at.another();
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let ended = false;
    const work = holder.exclusively('stopped', async (signal) => {
      begun();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended = true;
    });
    await hasBegun;
    await holder.stop(5_000);
    expect(ended).toBe(true);
    await work;
  });
});

/** A TCP relay to the database that can lose an answer. */
async function openProxy(databaseUrl: string, port = 0) {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let fault: 'cut' | 'swallow' | undefined;
  const server: Server = createServer((inbound) => {
    const outbound = connect(Number(target.port), target.hostname);
    for (const socket of [inbound, outbound]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        inbound.destroy();
        outbound.destroy();
      });
    }
    inbound.on('data', (data) => outbound.write(data));
    outbound.on('data', (data) => {
      if (fault === 'cut') inbound.destroy();
      if (fault === undefined) inbound.write(data);
      fault = undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the relay has no port');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    port: address.port,
    atNextAnswer(what: 'cut' | 'swallow') {
      fault = what;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
