import { randomUUID } from 'node:crypto';
import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOrderError } from '../../order/errors.ts';
import { orderLimits } from '../../order/order.ts';
import type { Clock } from '../../platform/clock.ts';
import type { IntakeMetrics } from '../../platform/metrics.ts';
import type { CallerCheck } from '../caller.ts';
import type { PlaceOrder } from '../place-order.ts';
import { sendProblem } from '../problems.ts';
import type { StatusReader } from '../read-status.ts';
import { sendRefusal } from '../refusals.ts';
import type { SaleBoard } from '../sale-board.ts';
import { saleState } from '../sale-state.ts';
import { orderParams } from '../schemas.ts';
import type { ReadStock } from '../stock-figures.ts';
import { retryAfterSeconds } from '../waiting-time.ts';
import { formPage } from './form-page.ts';
import { address, type Shop } from './layout.ts';
import { orderPage } from './order-page.ts';
import { asShopPage, type PageQuery, wordsFor } from './page-routes.ts';
import { problemsAsPages } from './problem-pages.ts';
import { languages } from './words.ts';

interface FormPost extends PageQuery {
  Body: {
    readonly sale: string;
    readonly transactionId: string;
    readonly sku: string;
    readonly quantity: string;
    readonly customerId: string;
    readonly lang?: string;
  };
}

interface OrderPageRequest extends PageQuery {
  Params: { saleId: string; transactionId: string };
}

/** A form's fields are text; what an order may hold is the same as in the API. */
const formSchema = {
  type: 'object',
  required: ['sale', 'transactionId', 'sku', 'quantity', 'customerId'],
  additionalProperties: false,
  properties: {
    sale: { type: 'string', pattern: orderLimits.saleIdPattern },
    transactionId: { type: 'string', pattern: orderLimits.transactionIdPattern },
    sku: { type: 'string', pattern: orderLimits.skuPattern },
    quantity: { type: 'string', pattern: '^([1-9]\\d{0,2}|1000)$' },
    customerId: { type: 'string', pattern: orderLimits.customerIdPattern },
    lang: { type: 'string', enum: languages },
  },
} as const;

const htmlType = 'text/html; charset=utf-8';

/**
 * Ordering without JavaScript: a form, the order it places, and a page that says where the order stands. Forms are
 * read here alone; the API takes JSON only.
 */
export async function formRoutes(
  app: FastifyInstance,
  deps: {
    shop: Shop;
    board: SaleBoard;
    readStock: ReadStock;
    place: PlaceOrder;
    status: StatusReader;
    callerCheck: CallerCheck;
    metrics: IntakeMetrics;
    clock: Pick<Clock, 'nowMs'>;
  },
): Promise<void> {
  const { shop, board, clock, metrics } = deps;
  await app.register(formbody, { bodyLimit: 2 * 1_024 });
  problemsAsPages(app, shop);

  app.get<PageQuery>('/shop/form', { schema: { hide: true } }, async (request, reply) => {
    const words = wordsFor(shop, request);
    const sale = board.sale(String(request.query.sale));
    if (!sale) return sendProblem(reply, 'unknown-sale');
    const content = {
      sale,
      state: saleState(sale, clock.nowMs()),
      left: await deps.readStock(sale.saleId),
      transactionId: randomUUID(),
    };
    // Kept by the browser for its back button, so that the form there has the same transaction ID.
    return asShopPage(reply, words)
      .header('cache-control', 'private, no-cache')
      .type(htmlType)
      .send(formPage(shop, words, content));
  });

  // A form can't carry the token that says who its sender is, and its word for it is not enough.
  if (shop.customerFromToken) return;

  app.post<FormPost>(
    '/shop/orders',
    {
      schema: { hide: true, body: formSchema },
      onRequest: refuseOtherSites,
      // After the form is read, so that a refusal can offer to send it again.
      preValidation: deps.callerCheck((refusal) => metrics.byOutcome[refusal].inc()),
    },
    async (request, reply) => {
      const startedAt = performance.now();
      const { sale: saleId, transactionId, sku, quantity, customerId, lang } = request.body;
      const order = { transactionId, sku, quantity: Number(quantity), customerId };
      const outcome = await deps.place(saleId, order);
      metrics.byOutcome[outcome.outcome].inc();
      metrics.intakeSeconds.observe((performance.now() - startedAt) / 1_000);
      if (outcome.outcome !== 'accepted' && outcome.outcome !== 'replayed') {
        return sendRefusal(reply, outcome);
      }
      const path = `/shop/orders/${saleId}/${transactionId}`;
      return reply.redirect(address(path, lang === undefined ? {} : { lang }), 303);
    },
  );

  app.get<OrderPageRequest>(
    '/shop/orders/:saleId/:transactionId',
    { schema: { hide: true, params: orderParams }, onRequest: deps.callerCheck() },
    async (request, reply) => {
      const words = wordsFor(shop, request);
      const { saleId, transactionId } = request.params;
      const found = await deps.status.one(saleId, transactionId).catch((error: unknown) => {
        if (isOrderError(error) && error.disposition === 'retry') return { outcome: 'busy' as const };
        throw error;
      });
      if (found.outcome === 'unknown-order') return sendProblem(reply, 'unknown-order');
      if (found.outcome !== 'found') {
        return sendProblem(reply, 'unavailable', { retryAfterSeconds: retryAfterSeconds() });
      }
      const order = found.reply;
      const itemName = board.sale(saleId)?.bySku.get(order.sku ?? '')?.name;
      return asShopPage(reply, words)
        .header('cache-control', 'no-store')
        .type(htmlType)
        .send(orderPage(shop, words, { order, itemName }));
    },
  );
}

/**
 * A form on any other site could order through the browsers of its visitors. Browsers say where a form comes from;
 * what says nothing is no browser that could be misused so.
 */
function refuseOtherSites(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const site = request.headers['sec-fetch-site'];
  const origin = request.headers.origin;
  const isOther =
    site === undefined
      ? origin !== undefined && origin !== 'null' && hostOf(origin) !== request.host
      : site !== 'same-origin' && site !== 'none';
  if (isOther) sendProblem(reply, 'invalid', { detail: 'the form was sent from another site' });
  else done();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
