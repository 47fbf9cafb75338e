import type { CatalogSale } from '../order/ports/claims.ts';
import { claimsLiveUntilMs, type StockedSale } from '../order/sale.ts';
import type { CatalogState } from './catalog.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

/**
 * Creates or updates the keys of a sale. A sale that exists keeps its state and epoch unless `overwriteState`.
 * Resolves with those that are in force now.
 */
export async function putSaleKeys(
  connection: Connection,
  sale: StockedSale,
  { state, epoch }: CatalogState,
  overwriteState: boolean,
): Promise<CatalogState> {
  const { sale: saleKey, stock, limits, held, initial, ...others } = saleKeys(sale.saleId);
  const reply = await connection.run(
    'put-sale',
    [saleKey, stock, limits, held, initial, ...Object.values<string>(others)],
    [
      sale.opensAtMs,
      sale.closesAtMs,
      claimsLiveUntilMs(sale),
      epoch,
      state,
      overwriteState ? '1' : '0',
      ...sale.items.flatMap((item) => [
        item.sku,
        item.stockLeft ?? item.stock,
        item.stock,
        item.customerLimit ?? '',
      ]),
    ],
  );
  const [stateNow, epochNow] = reply as [CatalogSale['state'], string] | [null, null];
  // A sale whose claims have had their time is gone as soon as it is put.
  return stateNow === null ? { state, epoch } : { state: stateNow, epoch: Number(epochNow) };
}
