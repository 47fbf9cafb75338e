import type { Order } from '../order/order.ts';
import type { Sale } from '../order/sale.ts';
import type { ClaimStage } from './claims.ts';

export const hourMs = 3_600_000;

let sales = 0;

/** Puts a sale of ten pieces that has been open for an hour, and is for another one, unless told otherwise. */
export async function putSale(claims: ClaimStage, overrides: Partial<Sale> = {}): Promise<Sale> {
  const nowMs = await claims.nowMs();
  const sale: Sale = {
    saleId: `sale-${++sales}`,
    opensAtMs: nowMs - hourMs,
    closesAtMs: nowMs + hourMs,
    items: [{ sku: 'sku-1', name: 'One', priceMinor: 100, stock: 10 }],
    ...overrides,
  };
  await claims.putSale(sale, 1);
  return sale;
}

export const order = (n: number | string, overrides: Partial<Order> = {}): Order => ({
  transactionId: `transaction-${n}`,
  sku: 'sku-1',
  quantity: 1,
  customerId: `customer-${n}`,
  ...overrides,
});
