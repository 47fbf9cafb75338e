import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Answer, get, post } from '../../support/http.ts';
import { until } from '../../support/wait.ts';
import type { Ended } from './command.ts';
import type { Instance } from './instance.ts';

const hourMs = 3_600_000;

export const lamp = { sku: 'lamp', name: 'Lamp', priceMinor: 1_999, stock: 1_000 };

/** A sale of lamps as its file has it, open for an hour. */
export function saleOf(saleId: string, more: object = {}) {
  return {
    saleId,
    opensAt: new Date(Date.now() - hourMs).toISOString(),
    closesAt: new Date(Date.now() + hourMs).toISOString(),
    items: [lamp],
    ...more,
  };
}

/** What a shop does on an instance: applies its sales, and has shoppers who buy lamps. */
export function createShop(instance: Instance) {
  const { gatewayUrl } = instance.run();

  /** Writes a sale file and applies it. */
  async function apply(sale: object | string, name = 'sale.json'): Promise<Ended> {
    const file = join(instance.folder, name);
    writeFileSync(file, typeof sale === 'string' ? sale : JSON.stringify(sale));
    return instance.sluice('sale', 'apply', file);
  }

  const statusOf = (saleId: string, id: string) => get(`${gatewayUrl}/sales/${saleId}/orders/${id}`);

  return {
    gatewayUrl,
    apply,
    statusOf,

    async sell(saleId: string, more: object = {}): Promise<void> {
      const applied = await apply(saleOf(saleId, more));
      expect(applied, applied.stderr).toMatchObject({ code: 0 });
    },

    buy(saleId: string, order: object = {}): Promise<Answer> {
      return post(gatewayUrl, saleId, {
        transactionId: randomUUID(),
        sku: 'lamp',
        quantity: 1,
        customerId: 'customer-1',
        ...order,
      });
    },

    async untilConfirmed(saleId: string, id: string): Promise<void> {
      await until(async () => (await statusOf(saleId, id)).body.status === 'confirmed', {
        deadlineMs: 20_000,
        what: `order ${id} to be confirmed`,
      });
    },
  };
}
export type Shop = ReturnType<typeof createShop>;
