import type { Sale } from '../order/sale.ts';

/** What `sluice up` opens, so that there is something to order at once: open for a year from `nowMs`. */
export function demoSale(nowMs: number): Sale {
  return {
    saleId: 'demo',
    opensAtMs: nowMs - 60_000,
    closesAtMs: nowMs + 365 * 24 * 60 * 60 * 1_000,
    items: [
      { sku: 'console', name: 'Game console', priceMinor: 49_900, stock: 2_000, customerLimit: 1 },
      { sku: 'sticker', name: 'Sticker', priceMinor: 100, stock: 1_000_000 },
    ],
  };
}
