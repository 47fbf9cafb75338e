import { type ProblemName, problems } from './problems.ts';

/** An answer as OpenAPI shows it, with what it stands for. */
export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

type ByName = Readonly<Record<string, Example>>;

/** What an operation is asked and answers: by status, by name. Problems have examples of their own. */
export interface OperationExamples {
  readonly request?: ByName;
  readonly responses: Readonly<Record<number, ByName>>;
}

const transactionId = '0f9c2c3e-2b6e-4f0a-9d4e-6c1f7b1d9a10';
const order = { transactionId, sku: 'console', quantity: 1 };
const taken = { saleId: 'demo', ...order };
const acceptedAt = '2027-06-01T10:00:00.412Z';
const waiting = { ...taken, status: 'accepted', position: 412, etaSeconds: 1, acceptedAt };
const settled = { ...taken, acceptedAt, settledAt: '2027-06-01T10:00:01.207Z' };
const confirmed = { ...settled, status: 'confirmed' };

const sale = {
  saleId: 'demo',
  opensAt: '2027-06-01T10:00:00.000Z',
  closesAt: '2027-06-01T12:00:00.000Z',
  state: 'open',
  items: [
    { sku: 'console', name: 'Game console', priceMinor: 49_900, customerLimit: 1 },
    { sku: 'sticker', name: 'Sticker', priceMinor: 100 },
  ],
};

/** One example at least for everything that can be answered, by `operationId`. */
export const operationExamples: Readonly<Record<string, OperationExamples>> = {
  placeOrder: {
    request: { order: { summary: 'One piece', value: { ...order, customerId: 'ada' } } },
    responses: {
      200: {
        confirmed: { summary: 'The same order again: it was bought', value: confirmed },
        rejected: {
          summary: 'The same order again: it could not be confirmed',
          value: { ...settled, status: 'rejected', reason: 'sold-out' },
        },
      },
      202: {
        accepted: {
          summary: 'In line',
          value: { saleId: 'demo', transactionId, status: 'accepted', position: 412, etaSeconds: 1 },
        },
        replayed: { summary: 'The same order again, still in line', value: { ...waiting, position: 37 } },
      },
    },
  },
  readOrder: {
    responses: {
      200: {
        accepted: { summary: 'In line', value: waiting },
        pending: { summary: 'The broker has not confirmed yet', value: { ...waiting, status: 'pending' } },
        confirmed: { summary: 'Bought', value: confirmed },
        rejected: { summary: 'Not bought', value: { ...settled, status: 'rejected', reason: 'sold-out' } },
        failed: {
          summary: 'With the shop’s staff',
          value: { ...settled, status: 'failed', reason: 'dead-lettered' },
        },
      },
    },
  },
  followOrder: {
    responses: {
      200: {
        stream: {
          summary: 'In line, then bought; the stream ends',
          value: `event: order\ndata: ${JSON.stringify(waiting)}\n\nevent: order\ndata: ${JSON.stringify(confirmed)}\n\n`,
        },
      },
    },
  },
  listSales: { responses: { 200: { sales: { summary: 'One sale', value: { sales: [sale] } } } } },
  readSale: {
    responses: {
      200: {
        sale: {
          summary: 'A sale that is on',
          value: {
            ...sale,
            items: sale.items.map((item, i) => ({ ...item, stockLeft: i === 0 ? 1_588 : 999_743 })),
            serverTime: '2027-06-01T10:00:00.700Z',
          },
        },
        stockUnknown: {
          summary: 'Its stock can’t be read at the moment',
          value: { ...sale, serverTime: '2027-06-01T10:00:00.700Z' },
        },
      },
    },
  },
  readRanking: {
    responses: {
      200: {
        ranking: {
          summary: 'After the first second',
          value: {
            saleId: 'demo',
            asOf: '2027-06-01T10:00:01.000Z',
            bestSellers: [{ rank: 1, sku: 'console', name: 'Game console', pieces: 1_204, orders: 1_204 }],
            fastestBuyers: [{ rank: 1, customer: 'ad***e', sku: 'console', secondsAfterOpening: 0.031 }],
          },
        },
      },
    },
  },
  isAlive: { responses: { 200: { alive: { summary: 'Alive', value: { status: 'alive' } } } } },
  isReady: {
    responses: {
      200: { ready: { summary: 'Ready', value: { status: 'ready', reasons: [] } } },
      503: {
        away: { summary: 'The broker is away', value: { status: 'unready', reasons: ['broker-away'] } },
      },
    },
  },
  explainProblem: {
    responses: {
      200: {
        soldOut: { summary: 'Sold out', value: { type: '/problems/sold-out', ...problems['sold-out'] } },
      },
    },
  },
};

const details: { readonly [N in ProblemName]?: object } = {
  invalid: {
    detail: 'quantity must be >= 1',
    errors: [{ field: 'quantity', message: 'quantity must be >= 1' }],
  },
  unauthorized: { detail: 'the token has expired' },
  'too-large': {
    detail: 'Request body is too large',
    errors: [{ field: 'body', message: 'Request body is too large' }],
  },
  'unsupported-media-type': {
    detail: 'Unsupported Media Type',
    errors: [{ field: 'Content-Type', message: 'Unsupported Media Type' }],
  },
  unavailable: { detail: 'waiting-limit' },
};

/** Each of these problems as it is answered, by name. */
export function problemExamples(names: readonly string[]): ByName {
  return Object.fromEntries(
    names.map((name) => {
      const { status, title } = problems[name as ProblemName];
      const value = { type: `/problems/${name}`, title, status, ...details[name as ProblemName] };
      return [name, { summary: title, value }];
    }),
  );
}
