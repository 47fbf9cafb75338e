import type { FastifyInstance } from 'fastify';
import { isOrderError } from '../order/errors.ts';
import type { RankingReader, SaleRanking } from '../order/ports/ranking.ts';
import type { Clock } from '../platform/clock.ts';
import { sendProblem } from './problems.ts';
import type { SaleBoard } from './sale-board.ts';
import { problemReplies, rankingReply, saleParams } from './schemas.ts';

/** A sale's ranking is read from the ledger once in this time at most, however many ask. */
const freshMs = 1_000;
const listed = 10;

interface Shown {
  readonly readAtMs: number;
  readonly ranking: SaleRanking;
}

interface Known {
  /** When the ledger was last asked, by the monotonic clock. */
  readonly askedAtMs: number;
  /** What it will say or has said; a refusal is an answer too. */
  readonly answer: Promise<Shown>;
  /** Whether that answer is still to come. */
  pending: boolean;
  /** The last ranking there was. */
  shown?: Shown;
}

/**
 * `GET /sales/{saleId}/ranking`. A crowd costs the ledger one read per sale and second; while it is away, the last
 * ranking is shown, with its time. Customers are shown masked.
 */
export function rankingRoutes(
  app: FastifyInstance,
  { board, ledger, clock }: { board: SaleBoard; ledger: RankingReader; clock: Clock },
): void {
  const bySale = new Map<string, Known>();

  function ask(saleId: string, before: Known | undefined): Known {
    const readAtMs = clock.nowMs();
    const known: Known = {
      askedAtMs: clock.monotonicMs(),
      pending: true,
      ...(before?.shown ? { shown: before.shown } : {}),
      answer: ledger
        .ranking(saleId, listed)
        .then((ranking) => {
          known.shown = { readAtMs, ranking };
          return known.shown;
        })
        .finally(() => {
          known.pending = false;
        }),
    };
    bySale.set(saleId, known);
    return known;
  }

  async function rankingOf(saleId: string): Promise<Shown> {
    let known = bySale.get(saleId);
    if (known === undefined) {
      for (const id of bySale.keys()) if (!board.sale(id)) bySale.delete(id);
      known = ask(saleId, undefined);
    } else if (!known.pending && clock.monotonicMs() - known.askedAtMs >= freshMs) known = ask(saleId, known);
    try {
      return await known.answer;
    } catch (error) {
      if (known.shown && isOrderError(error)) return known.shown;
      throw error;
    }
  }

  app.get<{ Params: { saleId: string } }>(
    '/sales/:saleId/ranking',
    {
      schema: {
        operationId: 'readRanking',
        summary: 'Best sellers and fastest buyers of a sale, from its confirmed orders',
        params: saleParams,
        response: { 200: rankingReply, ...problemReplies(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const sale = board.sale(request.params.saleId);
      if (!sale) return sendProblem(reply, 'unknown-sale');
      const { saleId, opensAtMs, bySku } = sale;
      try {
        const { ranking, readAtMs } = await rankingOf(saleId);
        return reply.header('cache-control', 'public, max-age=1').send({
          saleId,
          asOf: new Date(readAtMs).toISOString(),
          bestSellers: ranking.bestSellers.map(({ sku, pieces, orders }, at) => ({
            rank: at + 1,
            sku,
            name: bySku.get(sku)?.name ?? sku,
            pieces,
            orders,
          })),
          fastestBuyers: ranking.fastestBuyers.map(({ customerId, sku, acceptedAtMs }, at) => ({
            rank: at + 1,
            customer: maskCustomer(customerId),
            sku,
            secondsAfterOpening: Math.max(0, acceptedAtMs - opensAtMs) / 1_000,
          })),
        });
      } catch (error) {
        if (!isOrderError(error)) throw error;
        return sendProblem(reply, 'unavailable', { retryAfterSeconds: 1 });
      }
    },
  );
}

/**
 * Enough for customers to find themselves, too little for others to find them: the first two characters and the
 * last, of a long ID; nothing of a short one.
 */
export function maskCustomer(customerId: string): string {
  if (customerId.length < 8) return '***';
  return `${customerId.slice(0, 2)}***${customerId.slice(-1)}`;
}
