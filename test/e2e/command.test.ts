import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder } from '../support/build.ts';
import { patience } from '../support/patience.ts';
import { createStack, type Stack } from '../support/stack.ts';
import { until } from '../support/wait.ts';
import { environmentWith, sluice } from './support/command.ts';
import { createFolders, type Instance } from './support/instance.ts';
import { createShop, type Shop } from './support/shop.ts';

const folders = createFolders();
let stack: Stack;
let instance: Instance;
let shop: Shop;
let db: pg.Client;

beforeAll(async () => {
  stack = await createStack();
  instance = await folders.up(folders.create(), { ...stack.settings, ...patience, PORT: '0', OPS_PORT: '0' });
  shop = createShop(instance);
  db = new pg.Client(instance.run().databaseUrl);
  db.on('error', () => undefined);
  await db.connect();
});
afterAll(async () => {
  await db?.end();
  await folders.close();
  await stack?.close();
});

describe('the cap', () => {
  it.each(['0', '-1', 'NaN', '1.5', '10000000'])('is refused as %s, naming the range', async (cap) => {
    const { code, stderr } = await instance.sluice('cap', cap);
    expect(code).toBeGreaterThan(0);
    // The usage follows, and names the range whatever was wrong.
    expect(stderr).toMatch(/^error: .*\b1 to 1,000,000\b/m);
    expect((await capRow()).orders_per_second).toBe(2_000);
  });

  it('is in force at once', { timeout: 60_000 }, async () => {
    await shop.sell('capped');
    const cap = 40;
    expect(await instance.sluice('cap', String(cap))).toMatchObject({ code: 0 });
    const answers = await Promise.all(Array.from({ length: 160 }, () => shop.buy('capped')));
    expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
    await until(async () => (await settledOf('capped')) >= 120, {
      deadlineMs: 20_000,
      what: '120 orders to settle',
    });
    await instance.sluice('cap', '2000');
    const { rows } = await db.query<{ busiest: number }>(
      `SELECT max(n)::int AS busiest
         FROM (SELECT count(*) OVER (ORDER BY settled_at RANGE BETWEEN CURRENT ROW AND '1 s' FOLLOWING) AS n
                 FROM (SELECT settled_at FROM orders WHERE sale_id = 'capped' ORDER BY settled_at LIMIT 120) o) w`,
    );
    // One batch is 50 ms of the cap: 2 orders.
    expect(rows[0]?.busiest).toBeLessThanOrEqual(cap + 2);
    await until(async () => (await settledOf('capped')) === 160, { deadlineMs: 20_000, what: 'the rest' });
  });

  it('can be taken to nothing: orders wait, are told no time, and settle afterwards', async () => {
    await shop.sell('paused');
    expect(await instance.sluice('pause')).toMatchObject({ code: 0 });
    expect((await capRow()).paused).toBe(true);
    expect(await shop.buy('paused', { transactionId: 'paused-1' })).toMatchObject({ status: 202 });
    const waiting = await until(
      async () => {
        const answer = await shop.statusOf('paused', 'paused-1');
        return answer.body.status === 'accepted' && answer.body.etaSeconds === undefined && answer;
      },
      { deadlineMs: 10_000, what: 'the gateway to know of the confirm and of the pause' },
    );
    expect(waiting.body).toMatchObject({ position: 1 });
    expect(await settledOf('paused')).toBe(0);
    expect(await instance.sluice('resume')).toMatchObject({ code: 0 });
    await shop.untilConfirmed('paused', 'paused-1');
  });
});

describe('the command', () => {
  it('answers as JSON alone where that is asked for', async () => {
    const json = async (...args: string[]) => {
      const { stdout, stderr } = await instance.sluice(...args, '--json');
      expect(stdout, stderr).not.toBe('');
      return JSON.parse(stdout);
    };
    expect(await json('cap', '2000')).toMatchObject({ ordersPerSecond: 2_000, paused: false });
    expect(await json('pause')).toMatchObject({ paused: true });
    expect(await json('resume')).toMatchObject({ paused: false });
    expect(await json('dead-letters', 'list')).toEqual([]);
    expect(await json('audit', '--sale', 'demo')).toMatchObject({ ok: true });
  });

  it('names the sales that there are where it does not know one', async () => {
    for (const args of [
      ['sale', 'export', 'fryday'],
      ['sale', 'archive', 'fryday'],
      ['audit', '--sale', 'fryday'],
      ['dead-letters', 'purge', '--all', '--sale', 'fryday'],
    ]) {
      expect(await instance.sluice(...args)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/there is no sale fryday; there are .*\bdemo\b/),
      });
    }
  });

  it('says what is going on from elsewhere too, by the servers’ URLs', async () => {
    const elsewhere = await sluice(['status', '--json'], { cwd: folders.create(), env: stack.settings });
    expect(elsewhere, elsewhere.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({
      cap: { ordersPerSecond: 2_000, paused: false, reason: 'configured' },
      waiting: expect.any(Number),
      queue: { ready: expect.any(Number), unacknowledged: expect.any(Number), deadLetters: 0 },
      sales: expect.arrayContaining([
        {
          saleId: 'demo',
          opensAt: expect.any(String),
          closesAt: expect.any(String),
          items: expect.arrayContaining([
            { sku: 'console', stock: 2_000, stockLeft: 2_000, toClaim: 2_000, claimed: 0 },
          ]),
        },
      ]),
    });
  });

  it('says what to do where nothing runs, and starts nothing', async () => {
    const empty = folders.create();
    for (const args of [['status'], ['cap', '5'], ['sale', 'list'], ['migrate']]) {
      const { code, stderr } = await sluice(args, { cwd: empty });
      expect(code).toBe(1);
      for (const word of ['npm start', 'DATABASE_URL', 'AMQP_URL', 'REDIS_URL'])
        expect(stderr).toContain(word);
    }
  });

  it('tells a wrong use from a failure by the exit code', async () => {
    expect(await instance.sluice('sail', 'list')).toMatchObject({ code: 2 });
    expect(await instance.sluice('cap')).toMatchObject({ code: 2 });
    expect(await instance.sluice('--help')).toMatchObject({ code: 0 });
  });

  it('is there as `npx sluice` within the checkout', async () => {
    const { stdout } = await promisify(execFile)('npx', ['--no-install', 'sluice', '--help'], {
      cwd: projectFolder,
      env: environmentWith({}),
    });
    for (const name of ['up', 'gateway', 'drainer', 'ops', 'migrate', 'sale', 'status', 'cap', 'audit']) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
  });
});

async function capRow() {
  const { rows } = await db.query('SELECT orders_per_second, paused FROM drain_cap');
  return rows[0];
}

async function settledOf(saleId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>('SELECT count(*)::int AS n FROM orders WHERE sale_id = $1', [
    saleId,
  ]);
  return rows[0]!.n;
}
