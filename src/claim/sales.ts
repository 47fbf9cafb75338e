import { orderError } from '../order/errors.ts';
import type { SaleClaims, SaleCounters } from '../order/ports/claims.ts';
import type { Catalog } from './catalog.ts';
import type { Connection } from './connection.ts';
import { allSaleKeys, saleKeys } from './keys.ts';
import { putSaleKeys } from './put-sale.ts';

/** Creating, changing, counting and removing a sale. */
export function createSales(
  connection: Connection,
  catalog: Catalog,
): Pick<SaleClaims, 'catalog' | 'counters' | 'putSale' | 'restock' | 'removeSale'> {
  return {
    catalog: () => catalog.read(),

    async counters(saleId) {
      const { sale, stock, held } = saleKeys(saleId);
      const reply = await connection.run('counters', [sale, stock, held], []);
      return reply === null ? undefined : countersOf(reply as CountersReply);
    },

    async putSale(sale, epoch) {
      const inForce = await putSaleKeys(connection, sale, { state: 'open', epoch }, false);
      return catalog.put(sale, inForce);
    },

    async restock(saleId, restockId, sku, pieces) {
      const { sale, stock, restocks } = saleKeys(saleId);
      const added = await connection.run('restock', [sale, stock, restocks], [restockId, sku, pieces]);
      if (added === -1) throw orderError('unknown-sale', `the claims hold no ${sku} of sale ${saleId}`);
      return added === 1;
    },

    async removeSale(saleId) {
      await catalog.remove(saleId);
      await connection.send((redis) => redis.unlink(allSaleKeys(saleId)));
    },
  };
}

type CountersReply = [sequence: string, settled: string, stock: string[], held: string[]];

function countersOf([sequence, settled, stock, held]: CountersReply): SaleCounters {
  const claimed = pairs(held);
  return {
    sequence: Number(sequence),
    settled: Number(settled),
    items: [...pairs(stock)].map(([sku, left]) => ({ sku, left, claimed: claimed.get(sku) ?? 0 })),
  };
}

function pairs(flat: readonly string[]): Map<string, number> {
  const map = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i]!, Number(flat[i + 1]));
  return map;
}
