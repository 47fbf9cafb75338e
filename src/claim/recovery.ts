import { orderError } from '../order/errors.ts';
import type { ClaimsRecovery } from '../order/ports/claims.ts';
import type { Catalog } from './catalog.ts';
import { chunks } from './chunks.ts';
import { formatSettledClaim } from './claim-value.ts';
import type { Connection } from './connection.ts';
import { heldPieces } from './hold-failed.ts';
import { clusterKeys, saleKeys } from './keys.ts';
import { createOldestClaims } from './oldest-claims.ts';
import { putSaleKeys } from './put-sale.ts';

/** Short enough for a script not to hold up the claims of other sales for more than a few milliseconds. */
const loadsPerCall = 500;

/** Vetting a server, and rebuilding a sale from the ledger. Every step can be repeated. */
export function createRecovery(connection: Connection, catalog: Catalog): ClaimsRecovery {
  const { pending } = createOldestClaims(connection, 'taken-off');

  function refuseUnlessRebuilding(saleId: string, done: unknown): void {
    if (done === 0) throw orderError('sale-change-refused', `sale ${saleId} is not being rebuilt`);
  }

  return {
    async runIds() {
      const [current, vetted] = await Promise.all([
        connection.currentRunId(),
        connection.send((redis) => redis.get(clusterKeys.run)),
      ]);
      return { current, vetted: vetted ?? undefined };
    },

    async vet(runId) {
      // A vetted server holds every sale there is, so its catalogue counts as whole, even an empty one.
      await connection.send((redis) =>
        Promise.all([redis.hsetnx(clusterKeys.catalog, '#version', 0), redis.set(clusterKeys.run, runId)]),
      );
      await connection.checkVetting();
    },

    async lostClaims(saleId) {
      const lost = await connection.send((redis) => redis.hget(saleKeys(saleId).sale, 'lost'));
      return Number(lost ?? 0);
    },

    async beginRebuild(sale, epoch) {
      const inForce = await putSaleKeys(connection, sale, { state: 'rebuilding', epoch }, true);
      await catalog.putWithState(sale, inForce);
    },

    async hasPending(saleId) {
      // A look goes over so many that have settled, and takes them off: what is behind them shows in the next.
      do {
        if ((await pending(saleId, Number.MAX_SAFE_INTEGER, 1)).length > 0) return true;
      } while ((await connection.send((redis) => redis.llen(saleKeys(saleId).line))) > 0);
      return false;
    },

    async clearSale(saleId) {
      const { sale, claims, customers, stock, initial, held, line, unconfirmed } = saleKeys(saleId);
      const done = await connection.run(
        'clear-sale',
        [sale, claims, customers, stock, initial, held, line, unconfirmed],
        [],
      );
      refuseUnlessRebuilding(saleId, done);
    },

    async loadSettled(saleId, orders) {
      const { sale, claims, limits, customers, held } = saleKeys(saleId);
      for (const chunk of chunks(orders, loadsPerCall)) {
        const args = chunk.flatMap((settled) => {
          const { transactionId, sku, customerId, quantity } = settled.order;
          const holds = heldPieces(settled);
          const pieces = settled.status === 'confirmed' ? quantity : holds;
          return [
            transactionId,
            formatSettledClaim(settled.order, settled),
            `${sku} ${customerId}`,
            sku,
            pieces,
            holds,
          ];
        });
        refuseUnlessRebuilding(
          saleId,
          await connection.run('load-settled', [sale, claims, limits, customers, held], args),
        );
      }
    },

    async finishRebuild(saleId, { epoch, sequence, items }) {
      const { sale, stock: stockKey, held, initial } = saleKeys(saleId);
      const args = [epoch, sequence, ...items.flatMap((item) => [item.sku, item.stockLeft, item.stock])];
      refuseUnlessRebuilding(
        saleId,
        await connection.run('finish-rebuild', [sale, stockKey, held, initial], args),
      );
      await catalog.putState(saleId, { state: 'open', epoch });
    },
  };
}
