import type { FastifyInstance } from 'fastify';
import type { Trail } from '../order/ports/trail.ts';
import { exactly } from './admin-problems.ts';
import { statusOf } from './cluster-status.ts';
import type { ClusterState } from './cluster-watch.ts';
import { saleOf } from './sale-file.ts';
import type { Steering } from './steering.ts';

const entriesDefault = 50;
/** As many items as a sale may have, with long names. */
const saleMaxBytes = 8 * 1024 * 1024;

/** The admin API but for dead letters: status, cap, pause, sales, the audit trail. */
export function addAdminRoutes(
  admin: FastifyInstance,
  deps: { state: () => ClusterState | undefined; steering: Steering; trail: Pick<Trail, 'entries'> },
): void {
  const { steering } = deps;

  admin.get('/status', async () => statusOf(deps.state()));
  admin.put<{ Body: { ordersPerSecond: unknown } }>(
    '/cap',
    // Of any type: the ledger's refusal names the range, a schema's would not.
    { schema: { body: exactly({ ordersPerSecond: {} }) } },
    async ({ actor, body }) => steering(actor).setCap(numberOf(body.ordersPerSecond)),
  );
  admin.post('/pause', async ({ actor }) => steering(actor).setPaused(true));
  admin.post('/resume', async ({ actor }) => steering(actor).setPaused(false));

  admin.post(
    '/sales',
    // Of any form: the sale file's own check names every fault.
    { bodyLimit: saleMaxBytes },
    async ({ actor, body }) => {
      const sale = saleOf(body, 'the body');
      return { saleId: sale.saleId, ...(await steering(actor).applySale(sale)) };
    },
  );
  admin.post<{ Params: SaleParams; Body: { restockId: string; sku: string; pieces: number } }>(
    '/sales/:saleId/restocks',
    {
      schema: {
        body: exactly({
          restockId: { type: 'string', minLength: 1, maxLength: 64 },
          sku: { type: 'string' },
          pieces: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
        }),
      },
    },
    async ({ actor, params, body: { restockId, sku, pieces } }) => ({
      done: await steering(actor).restock(params.saleId, restockId, sku, pieces),
    }),
  );
  admin.post<{ Params: SaleParams; Body: { closesAt?: string } | null }>(
    '/sales/:saleId/open',
    {
      schema: {
        body: {
          type: ['object', 'null'],
          additionalProperties: false,
          properties: { closesAt: { type: 'string', maxLength: 40 } },
        },
      },
    },
    async ({ actor, params, body }) =>
      timesOf(await steering(actor).openSale(params.saleId, timeOf(body?.closesAt))),
  );
  admin.post<{ Params: SaleParams }>('/sales/:saleId/close', async ({ actor, params }) =>
    timesOf(await steering(actor).closeSale(params.saleId)),
  );

  admin.get<{ Querystring: { limit?: string; before?: string } }>(
    '/trail',
    {
      schema: {
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: {
            limit: { type: 'string', pattern: '^[1-9][0-9]{0,2}$' },
            before: { type: 'string', pattern: '^[1-9][0-9]{0,14}$' },
          },
        },
      },
    },
    async ({ query }) => {
      const before = query.before === undefined ? undefined : Number(query.before);
      const entries = await deps.trail.entries(Number(query.limit ?? entriesDefault), before);
      return {
        entries: entries.map(({ atMs, ...entry }) => ({ ...entry, at: new Date(atMs).toISOString() })),
      };
    },
  );
}

interface SaleParams {
  readonly saleId: string;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

/** @throws RangeError where it is no point in time. */
function timeOf(closesAt: string | undefined): number | undefined {
  if (closesAt === undefined) return undefined;
  const ms = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(closesAt) ? Date.parse(closesAt) : Number.NaN;
  if (Number.isNaN(ms)) throw new RangeError('closesAt is a time in ISO 8601, as 2026-11-28T20:00:00Z');
  return ms;
}

function timesOf({
  saleId,
  opensAtMs,
  closesAtMs,
}: {
  saleId: string;
  opensAtMs: number;
  closesAtMs: number;
}) {
  return { saleId, opensAt: new Date(opensAtMs).toISOString(), closesAt: new Date(closesAtMs).toISOString() };
}
