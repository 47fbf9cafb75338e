import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectFolder } from '../support/build.ts';
import { type Answer, get, post } from '../support/http.ts';
import { until } from '../support/wait.ts';
import { type Ended, environmentWith, sluice } from './support/command.ts';
import { createFolders, type Instance } from './support/instance.ts';

const folders = createFolders();
const folder = folders.create();
let instance: Instance;
let gatewayUrl: string;
let db: pg.Client;

const hourMs = 3_600_000;
const lamp = { sku: 'lamp', name: 'Lamp', priceMinor: 1_999, stock: 1_000 };

function saleOf(saleId: string, more: object = {}) {
  return {
    saleId,
    opensAt: new Date(Date.now() - hourMs).toISOString(),
    closesAt: new Date(Date.now() + hourMs).toISOString(),
    items: [lamp],
    ...more,
  };
}

/** Writes a sale file and applies it. */
async function apply(sale: object | string, name = 'sale.json'): Promise<Ended> {
  const file = join(folder, name);
  writeFileSync(file, typeof sale === 'string' ? sale : JSON.stringify(sale));
  return instance.sluice('sale', 'apply', file);
}

async function sell(saleId: string, more: object = {}): Promise<void> {
  const applied = await apply(saleOf(saleId, more));
  expect(applied, applied.stderr).toMatchObject({ code: 0 });
}

function buy(saleId: string, order: object = {}): Promise<Answer> {
  return post(gatewayUrl, saleId, {
    transactionId: randomUUID(),
    sku: 'lamp',
    quantity: 1,
    customerId: 'customer-1',
    ...order,
  });
}

const statusOf = (saleId: string, id: string) => get(`${gatewayUrl}/sales/${saleId}/orders/${id}`);

async function untilConfirmed(saleId: string, id: string): Promise<void> {
  await until(async () => (await statusOf(saleId, id)).body.status === 'confirmed', {
    deadlineMs: 20_000,
    what: `order ${id} to be confirmed`,
  });
}

beforeAll(async () => {
  instance = await folders.up(folder, { PORT: '0', OPS_PORT: '0' });
  ({ gatewayUrl } = instance.run());
  db = new pg.Client(instance.run().databaseUrl);
  db.on('error', () => undefined);
  await db.connect();
});
afterAll(async () => {
  await db?.end();
  await folders.close();
});

describe('sluice sale apply', () => {
  it('returns when the sale is served, from JSON and from YAML', async () => {
    expect(await apply(saleOf('from-json'))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('created from-json: served by 1 gateway'),
    });
    expect(await buy('from-json')).toMatchObject({ status: 202 });

    const { opensAt, closesAt } = saleOf('');
    const yaml = `saleId: from-yaml
opensAt: ${opensAt}
closesAt: ${closesAt}
items:
  - { sku: lamp, name: Lamp, priceMinor: 1999, stock: 3 }
`;
    expect(await apply(yaml, 'sale.yaml')).toMatchObject({ code: 0 });
    expect(await buy('from-yaml')).toMatchObject({ status: 202 });
  });

  it('updates what may change', async () => {
    await sell('updated');
    const changed = { ...lamp, name: 'Desk lamp', priceMinor: 1_500 };
    const applied = await apply(saleOf('updated', { items: [changed] }));
    expect(applied).toMatchObject({ code: 0, stdout: expect.stringContaining('updated updated') });
    expect((await get(`${gatewayUrl}/sales/updated`)).body.items).toMatchObject([
      { sku: 'lamp', name: 'Desk lamp', priceMinor: 1_500 },
    ]);
  });

  it('refuses what may not change, naming it, and changes nothing', async () => {
    await sell('refused');
    const refused = await apply(saleOf('refused', { items: [{ ...lamp, name: 'Other', stock: 5 }] }));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/lamp.*stock|stock.*lamp/);
    expect((await get(`${gatewayUrl}/sales/refused`)).body.items).toMatchObject([{ name: 'Lamp' }]);
  });

  it('names every fault of a file', async () => {
    const faulty = await apply({
      saleId: 'no spaces',
      opensAt: 'tomorrow',
      closesAt: saleOf('').closesAt,
      items: [{ ...lamp, stock: -1, colour: 'red' }, { sku: 'chair' }],
    });
    expect(faulty.code).toBe(1);
    for (const fault of ['saleId', 'opensAt', 'items.0.stock', 'colour', 'items.1', 'name', 'priceMinor']) {
      expect(faulty.stderr).toContain(fault);
    }
    expect(await apply('saleId: [', 'broken.yaml')).toMatchObject({ code: 1 });
    expect(await instance.sluice('sale', 'apply', 'missing.json')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('missing.json'),
    });
  });
});

describe('the sales that there are', () => {
  it('are listed with their stock', async () => {
    await sell('listed', { items: [{ ...lamp, stock: 7 }] });
    const { stdout } = await instance.sluice('sale', 'list');
    expect(stdout).toMatch(/^listed {2}.*\n {2}lamp {2}7 of 7 left$/m);
    expect(stdout).toMatch(/^demo /m);
  });

  it('are exported as CSV', async () => {
    await sell('exported');
    const customerId = 'O"Neill,Ann';
    expect(await buy('exported', { transactionId: 'export-1', customerId })).toMatchObject({ status: 202 });
    expect(await buy('exported', { transactionId: 'export-2', quantity: 3 })).toMatchObject({ status: 202 });
    await Promise.all(['export-1', 'export-2'].map((id) => untilConfirmed('exported', id)));
    const { code, stdout } = await instance.sluice('sale', 'export', 'exported');
    expect(code).toBe(0);
    const [header, ...lines] = stdout.trimEnd().split('\n');
    expect(header).toBe(
      'sale_id,transaction_id,sku,customer_id,quantity,status,reason,sequence,accepted_at,settled_at',
    );
    expect(lines).toEqual([
      expect.stringMatching(
        /^exported,export-1,lamp,"O""Neill,Ann",1,confirmed,,1,\d{4}-[^,]+Z,\d{4}-[^,]+Z$/,
      ),
      expect.stringMatching(/^exported,export-2,lamp,customer-1,3,confirmed,,2,/),
    ]);
    expect(await instance.sluice('sale', 'export', 'nothing-like-it')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing-like-it'),
    });
  });

  it('are archived when they are over, and their orders answered from the ledger', async () => {
    await sell('archived');
    expect(await buy('archived', { transactionId: 'archive-1' })).toMatchObject({ status: 202 });
    await untilConfirmed('archived', 'archive-1');
    const open = await instance.sluice('sale', 'archive', 'archived');
    expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    expect(await buy('archived')).toMatchObject({ status: 202 });

    const archived = await until(
      async () => {
        const ended = await instance.sluice('sale', 'archive', 'archived', '--force');
        return ended.code === 0 && ended;
      },
      { deadlineMs: 20_000, what: 'the last order to settle and the sale to be archived' },
    );
    expect(archived.stdout).toContain('out of Redis');
    expect(await buy('archived')).toMatchObject({ status: 404 });
    expect(await statusOf('archived', 'archive-1')).toMatchObject({
      status: 200,
      body: { status: 'confirmed', sku: 'lamp' },
    });

    const deleted = await instance.sluice('sale', 'archive', 'archived', '--force', '--from-ledger');
    expect(deleted).toMatchObject({ code: 0, stdout: expect.stringContaining('its 2 orders are deleted') });
    expect(await statusOf('archived', 'archive-1')).toMatchObject({ status: 404 });
    expect((await instance.sluice('sale', 'list')).stdout).not.toContain('archived ');
  });
});

describe('the cap', () => {
  it.each(['0', '-1', 'NaN', '1.5', '10000000'])('is refused as %s, naming the range', async (cap) => {
    const { code, stderr } = await instance.sluice('cap', cap);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/1 to 1,?000,?000/);
    expect((await readStatus()).cap.ordersPerSecond).toBe(2_000);
  });

  it('is in force at once', { timeout: 60_000 }, async () => {
    await sell('capped');
    const cap = 40;
    expect(await instance.sluice('cap', String(cap))).toMatchObject({ code: 0 });
    const answers = await Promise.all(Array.from({ length: 160 }, () => buy('capped')));
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
    await sell('paused');
    expect(await instance.sluice('pause')).toMatchObject({ code: 0 });
    expect((await readStatus()).cap.paused).toBe(true);
    expect(await buy('paused', { transactionId: 'paused-1' })).toMatchObject({ status: 202 });
    const waiting = await until(
      async () => {
        const answer = await statusOf('paused', 'paused-1');
        return answer.body.status === 'accepted' && answer.body.etaSeconds === undefined && answer;
      },
      { deadlineMs: 10_000, what: 'the gateway to know of the confirm and of the pause' },
    );
    expect(waiting.body).toMatchObject({ position: 1 });
    expect(await settledOf('paused')).toBe(0);
    expect(await instance.sluice('resume')).toMatchObject({ code: 0 });
    await untilConfirmed('paused', 'paused-1');
  });
});

describe('the command', () => {
  it('says what is going on, as JSON too, and from elsewhere by the servers’ URLs', async () => {
    const { databaseUrl, amqpUrl, amqpManagementUrl, redisUrl } = instance.run();
    const elsewhere = await sluice(['status', '--json'], {
      cwd: folders.create(),
      env: {
        DATABASE_URL: databaseUrl,
        AMQP_URL: amqpUrl,
        AMQP_MANAGEMENT_URL: amqpManagementUrl,
        REDIS_URL: redisUrl,
      },
    });
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
    expect(await instance.sluice('status')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^cap +2000 orders\/s/),
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

async function readStatus() {
  return JSON.parse((await instance.sluice('status', '--json')).stdout);
}

async function settledOf(saleId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>('SELECT count(*)::int AS n FROM orders WHERE sale_id = $1', [
    saleId,
  ]);
  return rows[0]!.n;
}
