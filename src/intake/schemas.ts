import { orderLimits } from '../order/order.ts';
import { problems } from './problems.ts';

const saleId = { type: 'string', pattern: orderLimits.saleIdPattern, description: 'The sale.' } as const;
const transactionId = {
  type: 'string',
  pattern: orderLimits.transactionIdPattern,
  description: 'Chosen by the shopper’s client, unique within the sale; a UUID is best.',
} as const;

export const saleParams = { type: 'object', required: ['saleId'], properties: { saleId } } as const;

export const orderParams = {
  type: 'object',
  required: ['saleId', 'transactionId'],
  properties: { saleId, transactionId },
} as const;

const wanted = {
  transactionId,
  sku: { type: 'string', pattern: orderLimits.skuPattern },
  quantity: { type: 'integer', minimum: orderLimits.quantityMin, maximum: orderLimits.quantityMax },
} as const;

export const orderBody = {
  type: 'object',
  required: ['sku', 'quantity', 'customerId'],
  additionalProperties: false,
  properties: { ...wanted, customerId: { type: 'string', pattern: orderLimits.customerIdPattern } },
} as const;

/** With tokens there is no customer in an order: nobody orders in another's name. */
export const tokenOrderBody = {
  type: 'object',
  required: ['sku', 'quantity'],
  additionalProperties: false,
  properties: wanted,
} as const;

/** What OpenAPI says of a route that needs a token. */
export function bearerSecurity({ customerFromToken }: { customerFromToken: boolean }): object {
  return customerFromToken ? { security: [{ bearer: [] }] } : {};
}

export interface OrderBody {
  transactionId?: string;
  sku: string;
  quantity: number;
  customerId: string;
}

export type TokenOrderBody = Omit<OrderBody, 'customerId'>;

const status = { type: 'string', enum: ['pending', 'accepted', 'confirmed', 'rejected', 'failed'] } as const;

export const orderReply = {
  type: 'object',
  description: 'The order as it stands.',
  required: ['saleId', 'transactionId', 'status'],
  properties: {
    saleId: { type: 'string' },
    transactionId: { type: 'string' },
    sku: { type: 'string' },
    quantity: { type: 'integer' },
    status,
    reason: { type: 'string', description: 'Why it was not confirmed.' },
    position: { type: 'integer', description: 'Place in line, at least 1; never grows.' },
    etaSeconds: { type: 'integer', description: 'Estimated wait; absent while draining is paused.' },
    acceptedAt: { type: 'string' },
    settledAt: { type: 'string' },
  },
} as const;

/** The reply is the stream's own; this is for OpenAPI. */
export const eventStream = {
  description: 'The order as it stands, and again at every change.',
  content: { 'text/event-stream': { schema: { type: 'string' } } },
} as const;

export const nothingMore = {
  type: 'null',
  description: 'The order is settled, and its last event was seen.',
} as const;

export const saleReply = {
  type: 'object',
  required: ['saleId', 'opensAt', 'closesAt', 'state', 'items'],
  properties: {
    saleId: { type: 'string' },
    opensAt: { type: 'string' },
    closesAt: { type: 'string' },
    state: { type: 'string', enum: ['upcoming', 'open', 'closed', 'rebuilding'] },
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['sku', 'name', 'priceMinor'],
        properties: {
          sku: { type: 'string' },
          name: { type: 'string' },
          priceMinor: { type: 'integer' },
          customerLimit: { type: 'integer' },
          stockLeft: { type: 'integer', description: 'Pieces that can still be claimed.' },
        },
      },
    },
  },
} as const;

const rank = { type: 'integer', description: 'From 1.' } as const;

export const rankingReply = {
  type: 'object',
  description: 'The ranking as of the time it was read.',
  required: ['saleId', 'asOf', 'bestSellers', 'fastestBuyers'],
  properties: {
    saleId: { type: 'string' },
    asOf: { type: 'string' },
    bestSellers: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          rank,
          sku: { type: 'string' },
          name: { type: 'string' },
          pieces: { type: 'integer' },
          orders: { type: 'integer' },
        },
      },
    },
    fastestBuyers: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          rank,
          customer: { type: 'string', description: 'Masked.' },
          sku: { type: 'string' },
          secondsAfterOpening: { type: 'number', description: 'To the claim.' },
        },
      },
    },
  },
} as const;

export const saleNowReply = {
  ...saleReply,
  properties: {
    ...saleReply.properties,
    serverTime: { type: 'string', description: 'Now, by the clock that opens the sale: for countdowns.' },
  },
} as const;

export const aliveReply = {
  type: 'object',
  description: 'The process answers.',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['alive'] } },
} as const;

export const readyReply = {
  type: 'object',
  required: ['status', 'reasons'],
  properties: {
    status: { type: 'string', enum: ['ready', 'unready'] },
    reasons: {
      type: 'array',
      items: { type: 'string' },
      description: 'What is wrong; empty where nothing is.',
    },
  },
} as const;

export const explanationReply = {
  type: 'object',
  description: 'The problem type.',
  required: ['type', 'status', 'title', 'explanation'],
  properties: {
    type: { type: 'string' },
    status: { type: 'integer' },
    title: { type: 'string' },
    explanation: { type: 'string' },
  },
} as const;

/** The problem replies of a route, for OpenAPI. Problems are serialised as they are, not by these. */
export function problemReplies(...statuses: number[]): Record<number, object> {
  const byStatus: Record<number, object> = {};
  for (const code of statuses) {
    const names = Object.entries(problems).filter(([, problem]) => problem.status === code);
    byStatus[code] = {
      description: names.map(([name, { title }]) => `\`${name}\`: ${title}`).join('; '),
      content: {
        'application/problem+json': {
          schema: {
            type: 'object',
            required: ['type', 'title', 'status'],
            properties: {
              type: { type: 'string', enum: names.map(([name]) => `/problems/${name}`) },
              title: { type: 'string' },
              status: { type: 'integer' },
              detail: { type: 'string' },
              errors: {
                type: 'array',
                items: {
                  type: 'object',
                  required: ['field', 'message'],
                  properties: { field: { type: 'string' }, message: { type: 'string' } },
                },
              },
            },
          },
        },
      },
    };
  }
  return byStatus;
}
