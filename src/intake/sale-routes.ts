import type { FastifyInstance } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { sendProblem } from './problems.ts';
import type { BoardSale, SaleBoard } from './sale-board.ts';
import { saleState } from './sale-state.ts';
import { problemReplies, saleNowReply, saleParams, saleReply } from './schemas.ts';
import type { ReadStock } from './stock-figures.ts';

/** `GET /sales` and `GET /sales/{saleId}`. */
export function saleRoutes(
  app: FastifyInstance,
  deps: { board: SaleBoard; readStock: ReadStock; clock: Clock },
): void {
  app.get(
    '/sales',
    {
      schema: {
        operationId: 'listSales',
        summary: 'All sales',
        response: {
          200: {
            type: 'object',
            description: 'The sales, by opening time.',
            properties: { sales: { type: 'array', items: saleReply } },
          },
        },
      },
    },
    async () => {
      const sales = [...deps.board.sales()].sort((a, b) => a.opensAtMs - b.opensAtMs);
      return { sales: sales.map((sale) => describe(sale, deps.clock.nowMs())) };
    },
  );

  app.get<{ Params: { saleId: string } }>(
    '/sales/:saleId',
    {
      schema: {
        operationId: 'readSale',
        summary: 'One sale, with the stock that can still be claimed',
        params: saleParams,
        response: { 200: { ...saleNowReply, description: 'The sale.' }, ...problemReplies(400, 404) },
      },
    },
    async (request, reply) => {
      const sale = deps.board.sale(request.params.saleId);
      if (!sale) return sendProblem(reply, 'unknown-sale');
      const stock = await deps.readStock(sale.saleId);
      const nowMs = deps.clock.nowMs();
      return reply.send({
        ...describe(sale, nowMs, stock),
        // A countdown by a shopper's own clock would be as wrong as that clock.
        serverTime: new Date(nowMs).toISOString(),
      });
    },
  );
}

function describe(sale: BoardSale, nowMs: number, stock?: ReadonlyMap<string, number>): object {
  return {
    saleId: sale.saleId,
    opensAt: new Date(sale.opensAtMs).toISOString(),
    closesAt: new Date(sale.closesAtMs).toISOString(),
    state: saleState(sale, nowMs),
    items: sale.items.map((item) => ({ ...item, stockLeft: stock?.get(item.sku) })),
  };
}
