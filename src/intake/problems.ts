import type { FastifyReply } from 'fastify';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** For people who open `/problems/NAME`. */
  readonly explanation: string;
}

/** Every refusal there is, by its stable name (RFC 9457 `type` is `/problems/NAME`). */
export const problems = {
  invalid: {
    status: 400,
    title: 'The request is malformed',
    explanation:
      'A field is missing, unknown, of the wrong type or out of range; `errors` names each one. Nothing was claimed.',
  },
  unauthorized: { status: 401, title: 'No valid token', explanation: 'Send a valid bearer token.' },
  'customer-limit': {
    status: 403,
    title: 'Over the limit per customer',
    explanation: 'The customer has bought, or holds in line, as many pieces of this SKU as one customer may.',
  },
  'sale-not-open': {
    status: 403,
    title: 'The sale is not open yet',
    explanation: '`Retry-After` says when it opens, in seconds.',
  },
  'sale-closed': { status: 403, title: 'The sale is closed', explanation: 'No further orders are taken.' },
  'not-found': { status: 404, title: 'Not found', explanation: 'There is nothing at this path.' },
  'unknown-sale': { status: 404, title: 'Unknown sale', explanation: 'There is no sale with this ID.' },
  'unknown-sku': { status: 404, title: 'Unknown SKU', explanation: 'The sale does not sell this SKU.' },
  'unknown-order': {
    status: 404,
    title: 'Unknown order',
    explanation: 'No order with this transaction ID was taken in this sale.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request did not arrive in time',
    explanation: 'The whole request has to arrive within ten seconds.',
  },
  'sold-out': {
    status: 409,
    title: 'Sold out',
    explanation:
      'Fewer pieces are left than the order asks for. The refusal is not stored: after a restock the same order may be sent again.',
  },
  'too-large': { status: 413, title: 'The body is too large', explanation: 'An order fits in 8 KiB.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Not JSON',
    explanation: 'Send `content-type: application/json`.',
  },
  'transaction-id-reused': {
    status: 422,
    title: 'The transaction ID belongs to another order',
    explanation:
      'The same transaction ID was used in this sale with another SKU, quantity or customer. Nothing was changed; use a new ID for a new order.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests from one client',
    explanation: '`Retry-After` says when to come back, in seconds.',
  },
  internal: { status: 500, title: 'Internal error', explanation: 'This is a fault of ours.' },
  unavailable: {
    status: 503,
    title: 'No orders can be taken at the moment',
    explanation: 'Nothing was claimed. Send the same order again after `Retry-After` seconds.',
  },
  'outcome-unknown': {
    status: 503,
    title: 'The order may have been taken',
    explanation:
      'Send it again with the same transaction ID, or ask for its status: it is never taken twice.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemName = keyof typeof problems;

export interface ProblemDetails {
  readonly detail?: string;
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** Sends a problem as `application/problem+json`. */
export function sendProblem(
  reply: FastifyReply,
  name: ProblemName,
  details: ProblemDetails = {},
): FastifyReply {
  const { status, title } = problems[name];
  if (details.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(Math.max(1, Math.ceil(details.retryAfterSeconds))));
  }
  return (
    reply
      .code(status)
      // What is not there yet may be there a moment later.
      .header('cache-control', 'no-store')
      .header('content-type', 'application/problem+json')
      .serializer(JSON.stringify)
      .send({
        type: `/problems/${name}`,
        title,
        status,
        ...(details.detail === undefined ? {} : { detail: details.detail }),
        ...(details.errors === undefined ? {} : { errors: details.errors }),
      })
  );
}
