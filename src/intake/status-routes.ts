import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOrderError } from '../order/errors.ts';
import type { CallerCheck } from './caller.ts';
import { isSettled, type OrderReply } from './order-reply.ts';
import { lastEventId, type OrderStreams } from './order-stream.ts';
import { sendProblem } from './problems.ts';
import type { StatusOutcome, StatusReader } from './read-status.ts';
import {
  bearerSecurity,
  eventStream,
  nothingMore,
  orderParams,
  orderReply,
  problemReplies,
} from './schemas.ts';
import { pollAfterSeconds, retryAfterSeconds } from './waiting-time.ts';

interface StatusRequest {
  Params: { saleId: string; transactionId: string };
}

/** `GET /sales/{saleId}/orders/{transactionId}` and its event stream. */
export function statusRoutes(
  app: FastifyInstance,
  deps: {
    status: StatusReader;
    streams: OrderStreams;
    callerCheck: CallerCheck;
    /** An order is answered to the customer who placed it, and is unknown to others. */
    customerFromToken: boolean;
  },
): void {
  const onRequest = deps.callerCheck();
  const problems = problemReplies(...(deps.customerFromToken ? [401] : []), 400, 404, 429, 503);
  app.get<StatusRequest>(
    '/sales/:saleId/orders/:transactionId',
    {
      onRequest,
      schema: {
        operationId: 'readOrder',
        summary: 'The truth about an order',
        params: orderParams,
        ...bearerSecurity(deps),
        response: { 200: orderReply, ...problems },
      },
    },
    async (request, reply) => {
      const found = await read(request, reply);
      if (!found) return reply;
      reply.header('cache-control', 'no-store');
      if (!isSettled(found.status)) reply.header('retry-after', String(pollAfterSeconds(found.etaSeconds)));
      return reply.send(found);
    },
  );

  app.get<StatusRequest>(
    '/sales/:saleId/orders/:transactionId/events',
    {
      onRequest,
      exposeHeadRoute: false,
      schema: {
        operationId: 'followOrder',
        summary: 'The same as server-sent events, until settled',
        description:
          'Each event is named `order` and carries the status as JSON; the stream ends once it is settled. ' +
          'A client that has seen the last event and comes again with its ID is answered 204.',
        params: orderParams,
        ...bearerSecurity(deps),
        response: { 200: eventStream, 204: nothingMore, ...problems },
      },
    },
    async (request, reply) => {
      if (request.headers['last-event-id'] === lastEventId) return reply.code(204).send();
      const found = await read(request, reply);
      if (!found) return reply;
      if (!deps.streams.open(reply, found)) {
        return sendProblem(reply, 'unavailable', {
          detail: 'stream-limit',
          retryAfterSeconds: retryAfterSeconds(),
        });
      }
      return reply;
    },
  );

  /** The order, or `undefined` when a problem was sent instead. */
  async function read(
    { params, customerId }: FastifyRequest<StatusRequest>,
    reply: FastifyReply,
  ): Promise<OrderReply | undefined> {
    let outcome: StatusOutcome;
    try {
      outcome = await deps.status.one(params.saleId, params.transactionId);
    } catch (error) {
      if (!isOrderError(error) || error.disposition !== 'retry') throw error;
      sendProblem(reply, 'unavailable', { detail: error.code, retryAfterSeconds: retryAfterSeconds() });
      return undefined;
    }
    const isOthers =
      deps.customerFromToken && outcome.outcome === 'found' && outcome.customerId !== customerId;
    if (outcome.outcome === 'found' && !isOthers) return outcome.reply;
    if (outcome.outcome === 'unknown-order' || isOthers) sendProblem(reply, 'unknown-order');
    else {
      const detail = outcome.outcome === 'busy' ? 'ledger-busy' : 'sale-rebuilding';
      sendProblem(reply, 'unavailable', { detail, retryAfterSeconds: retryAfterSeconds() });
    }
    return undefined;
  }
}
