import type { FastifyInstance } from 'fastify';
import { isOrderError } from '../order/errors.ts';
import type { SaleClaims, SaleCounters } from '../order/ports/claims.ts';
import type { Clock } from '../platform/clock.ts';
import { sendProblem } from './problems.ts';
import type { BoardSale, SaleBoard } from './sale-board.ts';
import { problemReplies, saleParams, saleReply } from './schemas.ts';

/** Stock figures this old at most are shown again rather than read again. */
const stockFreshMs = 250;

/** `GET /sales` and `GET /sales/{saleId}`. */
export function saleRoutes(
  app: FastifyInstance,
  deps: { board: SaleBoard; claims: Pick<SaleClaims, 'counters'>; clock: Clock },
): void {
  const stock = new Map<string, { readAtMs: number; counters: Promise<SaleCounters | undefined> }>();

  /** A crowd that reloads the sale's page costs one read per sale and interval. */
  function countersOf(saleId: string): Promise<SaleCounters | undefined> {
    const nowMs = deps.clock.nowMs();
    const known = stock.get(saleId);
    if (known && nowMs - known.readAtMs < stockFreshMs) return known.counters;
    for (const id of stock.keys()) if (!deps.board.sale(id)) stock.delete(id);
    const counters = deps.claims.counters(saleId);
    stock.set(saleId, { readAtMs: nowMs, counters });
    return counters;
  }

  app.get(
    '/sales',
    {
      schema: {
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
      return { sales: sales.map((sale) => describe(sale, undefined, deps.clock.nowMs())) };
    },
  );

  app.get<{ Params: { saleId: string } }>(
    '/sales/:saleId',
    {
      schema: {
        summary: 'One sale, with the stock that can still be claimed',
        params: saleParams,
        response: { 200: { ...saleReply, description: 'The sale.' }, ...problemReplies(400, 404) },
      },
    },
    async (request, reply) => {
      const sale = deps.board.sale(request.params.saleId);
      if (!sale) return sendProblem(reply, 'unknown-sale');
      const counters = await countersOf(sale.saleId).catch((error: unknown) => {
        // Without Redis the sale can still be described; only its stock can't.
        if (isOrderError(error)) return undefined;
        throw error;
      });
      return reply.send(describe(sale, counters, deps.clock.nowMs()));
    },
  );
}

function describe(sale: BoardSale, counters: SaleCounters | undefined, nowMs: number): object {
  const left = new Map(counters?.items.map((item) => [item.sku, item.left]));
  return {
    saleId: sale.saleId,
    opensAt: new Date(sale.opensAtMs).toISOString(),
    closesAt: new Date(sale.closesAtMs).toISOString(),
    state: stateOf(sale, nowMs),
    items: sale.items.map((item) => ({ ...item, stockLeft: left.get(item.sku) })),
  };
}

function stateOf(sale: BoardSale, nowMs: number): string {
  if (sale.state === 'rebuilding') return 'rebuilding';
  if (nowMs < sale.opensAtMs) return 'upcoming';
  return nowMs < sale.closesAtMs ? 'open' : 'closed';
}
