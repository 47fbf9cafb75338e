import type { CatalogSale } from '../order/ports/claims.ts';
import type { Sale } from '../order/sale.ts';
import type { CatalogState } from './catalog.ts';
import type { Connection } from './connection.ts';
import { saleKeys } from './keys.ts';

/** Claims live this long after their sale's close: 7 days. After that, status comes from the ledger. */
const claimsLiveAfterCloseMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * Creates or updates the keys of a sale. A sale that exists keeps its state and epoch unless `overwriteState`.
 * Resolves with those that are in force now.
 */
export async function putSaleKeys(
  connection: Connection,
  sale: Sale,
  { state, epoch }: CatalogState,
  overwriteState: boolean,
): Promise<CatalogState> {
  const { sale: saleKey, stock, limits, held, ...others } = saleKeys(sale.saleId);
  const reply = await connection.run(
    'put-sale',
    [saleKey, stock, limits, held, ...Object.values<string>(others)],
    [
      sale.opensAtMs,
      sale.closesAtMs,
      sale.closesAtMs + claimsLiveAfterCloseMs,
      epoch,
      state,
      overwriteState ? '1' : '0',
      ...sale.items.flatMap((item) => [item.sku, item.stock, item.customerLimit ?? '']),
    ],
  );
  const [stateNow, epochNow] = reply as [CatalogSale['state'], string];
  return { state: stateNow, epoch: Number(epochNow) };
}
