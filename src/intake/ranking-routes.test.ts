import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { rankingRoutes } from './ranking-routes.ts';
import type { BoardSale, SaleBoard } from './sale-board.ts';

it('a clock that is set back keeps no ranking for longer than a second', async () => {
  let nowMs = Date.UTC(2026, 0, 1, 12);
  let monotonicMs = 0;
  let reads = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => monotonicMs,
    sleep: async () => undefined,
  };
  const sale = { saleId: 'summer', opensAtMs: 0, bySku: new Map() } as unknown as BoardSale;
  const app = fastify();
  rankingRoutes(app, {
    board: { sale: () => sale } as unknown as SaleBoard,
    ledger: {
      async ranking() {
        reads += 1;
        return { bestSellers: [], fastestBuyers: [] };
      },
    },
    clock,
  });
  const asOf = async () => (await app.inject('/sales/summer/ranking')).json().asOf;

  expect(await asOf()).toBe('2026-01-01T12:00:00.000Z');
  nowMs -= 3_600_000;
  monotonicMs += 999;
  expect(await asOf()).toBe('2026-01-01T12:00:00.000Z');
  monotonicMs += 1;
  expect(await asOf()).toBe('2026-01-01T11:00:00.000Z');
  expect(reads).toBe(2);
  await app.close();
});
