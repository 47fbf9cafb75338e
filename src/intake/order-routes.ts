import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { orderLimits } from '../order/order.ts';
import type { IntakeMetrics, IntakeOutcome } from '../platform/metrics.ts';
import type { CallerCheck } from './caller.ts';
import { acceptedReply, isSettled, viewReply } from './order-reply.ts';
import type { PlaceOrder, PlaceOutcome } from './place-order.ts';
import { sendProblem } from './problems.ts';
import { sendRefusal } from './refusals.ts';
import type { SaleBoard } from './sale-board.ts';
import {
  bearerSecurity,
  type OrderBody,
  orderBody,
  orderReply,
  problemReplies,
  saleParams,
  type TokenOrderBody,
  tokenOrderBody,
} from './schemas.ts';
import { pollAfterSeconds } from './waiting-time.ts';

interface OrderRequest {
  Params: { saleId: string };
  Body: TokenOrderBody & Partial<OrderBody>;
}

const transactionIdPattern = new RegExp(orderLimits.transactionIdPattern);

/** `POST /sales/{saleId}/orders`. */
export function orderRoutes(
  app: FastifyInstance,
  deps: {
    place: PlaceOrder;
    board: SaleBoard;
    callerCheck: CallerCheck;
    /** The customer is the token's; else what the order says. */
    customerFromToken: boolean;
    metrics: IntakeMetrics;
  },
): void {
  app.route<OrderRequest>({
    method: 'POST',
    url: '/sales/:saleId/orders',
    schema: {
      operationId: 'placeOrder',
      summary: 'Place an order',
      description:
        'Claims stock once per transaction ID and queues the order durably. Send the same order again as often as you like: it is the same order.',
      params: saleParams,
      body: deps.customerFromToken ? tokenOrderBody : orderBody,
      ...bearerSecurity(deps),
      response: {
        200: { ...orderReply, description: 'The same order again, settled.' },
        202: { ...orderReply, description: 'Accepted: the broker has confirmed it.' },
        ...problemReplies(
          ...(deps.customerFromToken ? [401] : []),
          400,
          403,
          404,
          409,
          413,
          415,
          422,
          429,
          503,
        ),
      },
    },
    onRequest: deps.callerCheck((refusal) => deps.metrics.byOutcome[refusal].inc()),
    handler: async (request, reply) => {
      const startedAt = performance.now();
      const transactionId = transactionIdOf(request);
      if (typeof transactionId !== 'string') {
        deps.metrics.byOutcome.invalid.inc();
        return sendProblem(reply, 'invalid', { detail: transactionId.message, errors: [transactionId] });
      }
      const { sku, quantity, customerId = request.customerId } = request.body;
      const traceparent = traceparentOf(request);
      const outcome = await deps.place(request.params.saleId, {
        transactionId,
        sku,
        quantity,
        customerId,
        ...(traceparent === undefined ? undefined : { traceparent }),
      });
      deps.metrics.byOutcome[countedAs(outcome)].inc();
      deps.metrics.intakeSeconds.observe((performance.now() - startedAt) / 1_000);
      return answer(reply, outcome);
    },
  });

  function answer(reply: FastifyReply, outcome: PlaceOutcome): FastifyReply {
    switch (outcome.outcome) {
      case 'accepted': {
        const body = acceptedReply(outcome.order, outcome.position, deps.board);
        return reply
          .code(202)
          .header('location', `/sales/${body.saleId}/orders/${body.transactionId}`)
          .header('retry-after', String(pollAfterSeconds(body.etaSeconds)))
          .send(body);
      }
      case 'replayed': {
        const body = viewReply(outcome.view, deps.board);
        const settled = isSettled(body.status);
        reply
          .code(settled ? 200 : 202)
          .header('location', `/sales/${body.saleId}/orders/${body.transactionId}`)
          .header('idempotent-replayed', 'true');
        if (!settled) reply.header('retry-after', String(pollAfterSeconds(body.etaSeconds)));
        return reply.send(body);
      }
      default:
        return sendRefusal(reply, outcome);
    }
  }
}

function countedAs(outcome: PlaceOutcome): IntakeOutcome {
  return outcome.outcome;
}

/** W3C Trace Context: version, trace, parent and flags. What looks different is ignored, as it demands. */
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function traceparentOf(request: FastifyRequest): string | undefined {
  const { traceparent } = request.headers;
  if (traceparent === undefined) return undefined;
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : undefined;
}

/** From the body or the `Idempotency-Key` header (bare, or quoted as a structured-field string). */
function transactionIdOf(request: FastifyRequest<OrderRequest>): string | { field: string; message: string } {
  const header = request.headers['idempotency-key'];
  const inBody = request.body.transactionId;
  if (header === undefined) {
    return inBody ?? { field: 'transactionId', message: 'transactionId is missing' };
  }
  const text = String(header);
  const inHeader = text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  if (!transactionIdPattern.test(inHeader)) {
    return {
      field: 'Idempotency-Key',
      message: `Idempotency-Key must match ${orderLimits.transactionIdPattern}`,
    };
  }
  if (inBody !== undefined && inBody !== inHeader) {
    return { field: 'Idempotency-Key', message: 'Idempotency-Key and transactionId differ' };
  }
  return inHeader;
}
