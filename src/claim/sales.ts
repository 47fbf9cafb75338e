import type { SaleClaims, SaleCounters } from '../order/ports/claims.ts';
import type { Catalog } from './catalog.ts';
import type { Connection } from './connection.ts';
import { allSaleKeys, saleKeys } from './keys.ts';
import { putSaleKeys } from './put-sale.ts';

/** Creating, changing, counting and removing a sale. */
export function createSales(
  connection: Connection,
  catalog: Catalog,
): Pick<SaleClaims, 'catalog' | 'counters' | 'putSale' | 'raiseStock' | 'removeSale'> {
  return {
    catalog: () => catalog.read(),

    async counters(saleId) {
      const { sale, stock, held, initial } = saleKeys(saleId);
      const reply = await connection.run('counters', [sale, stock, held, initial], []);
      return reply === null ? undefined : countersOf(reply as CountersReply);
    },

    async putSale(sale, epoch) {
      const inForce = await putSaleKeys(connection, sale, { state: 'open', epoch }, false);
      return catalog.put(sale, inForce);
    },

    async raiseStock(saleId, sku, pieces) {
      const { sale, stock, initial } = saleKeys(saleId);
      const added = Number(await connection.run('raise-stock', [sale, stock, initial], [sku, pieces]));
      return added > 0;
    },

    async removeSale(saleId) {
      await catalog.remove(saleId);
      await connection.send((redis) => redis.unlink(allSaleKeys(saleId)));
    },
  };
}

type CountersReply = [sequence: string, settled: string, stock: string[], held: string[], initial: string[]];

function countersOf([sequence, settled, stock, held, initial]: CountersReply): SaleCounters {
  const claimed = pairs(held);
  const put = pairs(initial);
  return {
    sequence: Number(sequence),
    settled: Number(settled),
    items: [...pairs(stock)].map(([sku, left]) => ({
      sku,
      left,
      claimed: claimed.get(sku) ?? 0,
      initial: put.get(sku) ?? 0,
    })),
  };
}

function pairs(flat: readonly string[]): Map<string, number> {
  const map = new Map<string, number>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i]!, Number(flat[i + 1]));
  return map;
}
