import { type OrderError, orderError } from '../order/errors.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';
import type { LedgerSale } from '../order/sale.ts';

/** So many names help; more hide the one that is meant. */
const namedSales = 20;

/** @throws OrderError `unknown-sale`, naming the sales that there are. */
export async function knownSale(
  ledger: Pick<LedgerReader, 'sale' | 'sales'>,
  saleId: string,
): Promise<LedgerSale> {
  const sale = await ledger.sale(saleId);
  if (sale) return sale;
  throw unknownSale(
    saleId,
    (await ledger.sales()).map((known) => known.saleId),
  );
}

export function unknownSale(saleId: string, known: readonly string[]): OrderError {
  const more = known.length > namedSales ? ` and ${known.length - namedSales} more` : '';
  const names =
    known.length === 0 ? 'there is none' : `there are ${known.slice(0, namedSales).join(', ')}${more}`;
  return orderError('unknown-sale', `there is no sale ${saleId}; ${names}`);
}
