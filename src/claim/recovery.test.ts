import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../test/support/wait.ts';
import type { Order } from '../order/order.ts';
import type { Sale } from '../order/sale.ts';
import type { ClaimStage } from './claims.ts';
import { saleKeys } from './keys.ts';
import { claimsOn, type RedisServer, startRedisServer, startVettedClaims } from './redis-server.testing.ts';

let server: RedisServer;
let claims: ClaimStage;
let sale: Sale;

beforeAll(async () => {
  server = await startRedisServer();
  claims = await startVettedClaims(server);
});
afterAll(async () => {
  await claims?.stop(1_000);
  await server?.remove();
});
beforeEach(async () => {
  await server.redis.flushall();
  await claims.vet((await claims.runIds()).current);
  // A test that froze the server may have left the breaker open for a moment.
  await until(() => claims.available(), { deadlineMs: 5_000, what: 'the claims to be available' });
  const nowMs = await claims.nowMs();
  sale = {
    saleId: 'sale-1',
    opensAtMs: nowMs - 1_000,
    closesAtMs: nowMs + 3_600_000,
    items: [{ sku: 'sku-1', name: 'One', priceMinor: 100, stock: 10, customerLimit: 4 }],
  };
  await claims.putSale(sale, 1);
});

const order = (n: number, quantity = 1, customerId = `customer-${n}`): Order => ({
  transactionId: `transaction-${n}`,
  sku: 'sku-1',
  quantity,
  customerId,
});
const claimOne = async (n: number, epoch = 1) => (await claims.claim('sale-1', epoch, [order(n)]))[0];

test('a server that was killed comes back with every claim, and is not used until it is vetted', async () => {
  await Promise.all(Array.from({ length: 10 }, (_, n) => claimOne(n)));
  const before = await claims.counters('sale-1');
  await server.kill();
  await until(() => !claims.available(), { deadlineMs: 5_000, what: 'the loss of the connection' });
  await expect(claimOne(11)).rejects.toMatchObject({ code: 'claims-unavailable' });
  await server.start();

  await until(() => claims.runIds(), { deadlineMs: 10_000, what: 'the connection' });
  const { current, vetted } = await claims.runIds();
  expect(vetted).not.toBe(current);
  await expect(claimOne(0)).rejects.toMatchObject({ code: 'claims-unavailable' });
  await expect(claims.read('sale-1', ['transaction-0'])).rejects.toMatchObject({
    code: 'claims-unavailable',
  });
  const settlement = {
    order: { saleId: 'sale-1', transactionId: 'transaction-0' },
    status: 'confirmed',
    settledAtMs: 1,
  } as const;
  await expect(claims.settle('sale-1', [settlement])).rejects.toMatchObject({ code: 'claims-unavailable' });
  expect(await claims.counters('sale-1')).toEqual(before);

  const another = claimsOn(server);
  await another.start();
  expect(another.available()).toBe(false);
  await claims.vet(current);
  expect(claims.available()).toBe(true);
  await until(() => another.available(), { deadlineMs: 5_000, what: 'the other process to see the vetting' });
  expect(await claimOne(0)).toMatchObject({ outcome: 'replayed', view: { status: 'pending' } });
  await another.stop(1_000);
});

test('a wiped server makes every sale unavailable and shows no catalogue', async () => {
  await claimOne(1);
  await server.redis.flushall();
  expect(await claimOne(1)).toEqual({ outcome: 'sale-unavailable' });
  expect(await claims.catalog()).toBeUndefined();
  expect(await claims.cluster()).toBeUndefined();
  expect(await claims.counters('sale-1')).toBeUndefined();
  const late = {
    order: { saleId: 'sale-1', transactionId: 'transaction-1' },
    status: 'confirmed',
    settledAtMs: 1,
  } as const;
  expect(await claims.settle('sale-1', [late])).toEqual({ moved: 0, unknown: 1 });
  expect(await server.redis.keys('*sale-1*')).toEqual([]);
});

test('a rebuild puts back what the ledger knows, closes the sale meanwhile, and raises the epoch', async () => {
  await claims.claim('sale-1', 1, [order(1, 3, 'a'), order(2), order(3)]);
  const catalogVersion = (await claims.cluster())!.catalogVersion;
  await server.redis.flushall();

  await claims.beginRebuild(sale, 2);
  expect((await claims.catalog())?.[0]).toMatchObject({ saleId: 'sale-1', state: 'rebuilding', epoch: 2 });
  expect(await claimOne(4, 2)).toEqual({ outcome: 'sale-unavailable' });
  await claims.clearSale('sale-1');
  const settled = (n: number, quantity: number, customerId: string, status: 'confirmed' | 'rejected') => ({
    order: { ...order(n, quantity, customerId), saleId: 'sale-1', sequence: n, claimedAtMs: 5 },
    status,
    ...(status === 'rejected' && { reason: 'sold-out' as const }),
    settledAtMs: 7,
  });
  const page = [settled(1, 3, 'a', 'confirmed'), settled(2, 4, 'b', 'rejected')];
  await claims.loadSettled('sale-1', page);
  await claims.loadSettled('sale-1', page);
  const rebuilt = { epoch: 2, sequence: 2, items: [{ sku: 'sku-1', stock: 10, stockLeft: 7 }] };
  await claims.finishRebuild('sale-1', rebuilt);

  expect((await claims.catalog())?.[0]).toMatchObject({ state: 'open', epoch: 2 });
  expect((await claims.cluster())!.catalogVersion).toBeGreaterThan(catalogVersion);
  expect(await claims.counters('sale-1')).toEqual({
    sequence: 2,
    settled: 2,
    items: [{ sku: 'sku-1', left: 7, claimed: 0, initial: 10 }],
  });
  expect(await claims.read('sale-1', ['transaction-1', 'transaction-2', 'transaction-3'])).toEqual([
    { order: page[0]!.order, status: 'confirmed', settledAtMs: 7 },
    { order: page[1]!.order, status: 'rejected', reason: 'sold-out', settledAtMs: 7 },
    undefined,
  ]);
  expect(await claimOne(4, 1)).toEqual({ outcome: 'sale-unavailable' });
  const outcomes = await claims.claim('sale-1', 2, [order(5, 2, 'a'), order(6, 1, 'a'), order(7, 4, 'b')]);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['customer-limit', 'claimed', 'claimed']);
  expect(outcomes[1]).toMatchObject({ order: { sequence: 3 }, position: 1 });

  await claims.finishRebuild('sale-1', rebuilt);
  expect((await claims.counters('sale-1'))?.items).toEqual([
    { sku: 'sku-1', left: 2, claimed: 5, initial: 10 },
  ]);
});

test('a sale that is open is neither cleared nor loaded nor opened again', async () => {
  await claimOne(1);
  const refused = { code: 'sale-change-refused' };
  await expect(claims.clearSale('sale-1')).rejects.toMatchObject(refused);
  const loaded = { order: { ...order(9), saleId: 'sale-1', sequence: 9, claimedAtMs: 1 }, settledAtMs: 1 };
  await expect(claims.loadSettled('sale-1', [{ ...loaded, status: 'confirmed' }])).rejects.toMatchObject(
    refused,
  );
  const state = { epoch: 7, sequence: 0, items: [{ sku: 'sku-1', stock: 10, stockLeft: 10 }] };
  await expect(claims.finishRebuild('sale-1', state)).rejects.toMatchObject(refused);
  expect((await claims.counters('sale-1'))?.items[0]?.left).toBe(9);
});

test('updating a sale during its rebuild does not open it', async () => {
  await claims.beginRebuild(sale, 2);
  await claims.putSale({ ...sale, closesAtMs: sale.closesAtMs + 1_000 }, 1);
  expect((await claims.catalog())?.[0]).toMatchObject({
    state: 'rebuilding',
    epoch: 2,
    closesAtMs: sale.closesAtMs + 1_000,
  });
  expect(await claimOne(1, 1)).toEqual({ outcome: 'sale-unavailable' });
});

test('updating a sale leaves its stock alone, but for restocks, and adds its new SKUs', async () => {
  await claimOne(1);
  const added = { sku: 'sku-2', name: 'Two', priceMinor: 5, stock: 3 };
  const both = [{ ...sale.items[0]!, stockLeft: 99 }, added];
  await claims.putSale({ ...sale, items: both }, 1);
  const sku2 = { sku: 'sku-2', left: 3, claimed: 0, initial: 3 };
  const items = async () => (await claims.counters('sale-1'))?.items;
  expect(await items()).toEqual([{ sku: 'sku-1', left: 9, claimed: 1, initial: 10 }, sku2]);
  await claims.putSale({ ...sale, items: [{ ...sale.items[0]!, stock: 15 }, added] }, 1);
  expect(await items()).toEqual([{ sku: 'sku-1', left: 14, claimed: 1, initial: 15 }, sku2]);
});

test('a stock is raised to the pieces ever put on sale, however often, in whatever order', async () => {
  await claimOne(1);
  expect(await claims.raiseStock('sale-1', 'sku-1', 15)).toBe(true);
  expect(await claims.raiseStock('sale-1', 'sku-1', 15)).toBe(false);
  expect(await claims.raiseStock('sale-1', 'sku-1', 12)).toBe(false);
  await claims.putSale(sale, 1);
  expect((await claims.counters('sale-1'))?.items).toEqual([
    { sku: 'sku-1', left: 14, claimed: 1, initial: 15 },
  ]);
  expect(await claims.raiseStock('sale-1', 'sku-9', 5)).toBe(false);
  expect(await claims.raiseStock('sale-9', 'sku-1', 5)).toBe(false);
  // What a rebuild reads from the ledger may be older than the restock: the next look raises it again.
  await claims.beginRebuild(sale, 2);
  await claims.clearSale('sale-1');
  expect(await claims.raiseStock('sale-1', 'sku-1', 15)).toBe(false);
  const items = [{ sku: 'sku-1', stock: 10, stockLeft: 9 }];
  await claims.finishRebuild('sale-1', { epoch: 2, sequence: 1, items });
  expect(await claims.raiseStock('sale-1', 'sku-1', 15)).toBe(true);
  expect((await claims.counters('sale-1'))?.items).toEqual([
    { sku: 'sku-1', left: 14, claimed: 0, initial: 15 },
  ]);
});

test('a pending claim is found behind any number of settled ones', async () => {
  expect(await claims.hasPending('sale-1')).toBe(false);
  await claimOne(1);
  const { line } = saleKeys('sale-1');
  // No claim is left of them: the head of the line is as if they had settled while the first was held up.
  await server.redis.lpush(line, ...Array.from({ length: 45_000 }, (_, n) => `gone-${n}`));
  expect(await claims.hasPending('sale-1')).toBe(true);
  const confirmed = { status: 'confirmed', settledAtMs: 1 } as const;
  await claims.settle('sale-1', [
    { order: { saleId: 'sale-1', transactionId: 'transaction-1' }, ...confirmed },
  ]);
  expect(await claims.hasPending('sale-1')).toBe(false);
});

test('while memory is full, claims are refused and settling goes on', async () => {
  await claims.claim('sale-1', 1, [order(1), order(2)]);
  await server.redis.config('SET', 'maxmemory', '1');
  try {
    await expect(claimOne(3)).rejects.toMatchObject({ code: 'claims-unavailable' });
    claims.accept('sale-1', ['transaction-2']);
    await expect(claimOne(3)).rejects.toMatchObject({ code: 'claims-unavailable' });
    const status = async () => (await claims.read('sale-1', ['transaction-2']))[0]?.status;
    await until(async () => (await status()) === 'accepted', { deadlineMs: 2_000, what: 'the confirm' });
    const key = { saleId: 'sale-1', transactionId: 'transaction-1' };
    const settlement = { order: key, status: 'confirmed', settledAtMs: 1 } as const;
    expect(await claims.settle('sale-1', [settlement])).toEqual({ moved: 1, unknown: 0 });
    expect(claims.available()).toBe(true);
  } finally {
    await server.redis.config('SET', 'maxmemory', '0');
  }
  expect(await claimOne(3)).toMatchObject({ outcome: 'claimed', order: { sequence: 3 } });
});

test('a server that does not answer costs one timeout, then nothing is sent until it answers again', async () => {
  const impatient = await startVettedClaims(server, { commandTimeoutMs: 300 });
  try {
    await server.freeze();
    const claim = () => impatient.claim('sale-1', 1, [order(1)]);
    await expect(claim()).rejects.toMatchObject({ code: 'claims-timeout' });
    expect(impatient.available()).toBe(false);
    await expect(claim()).rejects.toMatchObject({ code: 'claims-unavailable' });
    server.thaw();
    await until(() => impatient.available(), { deadlineMs: 10_000, what: 'the breaker to close' });
    expect((await claim())[0]).toMatchObject({ outcome: 'replayed', view: { order: { sequence: 1 } } });
  } finally {
    server.thaw();
    await impatient.stop(1_000);
  }
});

test('a claim whose connection is lost may have been written, and says so', async () => {
  await server.freeze();
  const claimed = claimOne(1);
  const lost = expect(claimed).rejects.toMatchObject({ code: 'claims-timeout' });
  await server.kill();
  await lost;
  await server.start();
  await until(() => claims.runIds(), { deadlineMs: 10_000, what: 'the connection' });
});

test('a claim whose connection is lost says so also where the server is there again at once', async () => {
  const patient = await startVettedClaims(server, { commandTimeoutMs: 600_000 });
  await server.redis.client('PAUSE', 60_000, 'WRITE');
  const lost = expect(patient.claim('sale-1', 1, [order(9)])).rejects.toMatchObject({
    code: 'claims-timeout',
  });
  await until(async () => /cmd=evalsha/.test(String(await server.redis.client('LIST'))), {
    deadlineMs: 10_000,
    what: 'the claim to be with the server',
  });
  await server.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await lost;
  await server.redis.client('UNPAUSE');
  await patient.stop(1_000);
  await until(() => claims.runIds(), { deadlineMs: 10_000, what: 'the connection' });
});

test('a stage that is stopped before Redis is there does not start any more', async () => {
  const nowhere = claimsOn({ ...server, url: 'redis://127.0.0.1:1' });
  const started = nowhere.start();
  const stopped = nowhere.stop(1_000);
  await expect(started).rejects.toMatchObject({ code: 'claims-unavailable' });
  await stopped;
  await expect(nowhere.read('sale-1', ['transaction-1'])).rejects.toMatchObject({
    code: 'claims-unavailable',
  });
});

test('processes see what the others announce, until it is too old', async () => {
  await claims.claim('sale-1', 1, [order(1), order(2)]);
  expect(await claims.cluster()).toMatchObject({ waiting: 2, capOrdersPerSecond: undefined });
  await claims.announceCap(0);
  expect(await claims.cluster()).toMatchObject({ capOrdersPerSecond: 0 });
  expect((await claims.cluster())?.waitingBySale).toEqual(new Map([['sale-1', 2]]));
  await claims.announceGateway('gateway-1', 7, 60_000);
  await claims.announceGateway('gateway-2', 8, 30);
  expect((await claims.gateways()).get('gateway-1')).toBe(7);
  await until(async () => !(await claims.gateways()).has('gateway-2'), {
    deadlineMs: 2_000,
    what: 'forgetting',
  });
  await claims.announceGateway('gateway-1', 9, 60_000);
  expect(await server.redis.hkeys('sluice:gateways')).toEqual(['gateway-1']);
});
