import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { placeOrder } from '../../api/client.ts';
import type { Item } from './cluster.ts';

/** What one shopper wants and got. */
export interface Ticket {
  readonly order: { transactionId: string; sku: string; quantity: number; customerId: string };
  /** Gives up at the first lost connection or 503 instead of asking again. */
  readonly walksAway: boolean;
  /** Every status that came back, in order; 0 for a lost connection. */
  readonly answers: number[];
}

const retryMs = 100;
const patienceMs = 60_000;
const atOnce = 24;

/** Single pieces and too few of them, a limit per customer, and plenty of something sold by the handful. */
export const goods: readonly Item[] = [
  { sku: 'scarce', stock: 60 },
  { sku: 'limited', stock: 500, customerLimit: 2 },
  { sku: 'plenty', stock: 100_000 },
];

/** A mixed crowd: every fifth shopper walks away when something breaks, every seventh sends the order twice. */
export function shoppers(count: number): Ticket[] {
  return Array.from({ length: count }, (_, i): Ticket => {
    const { sku } = goods[i % goods.length]!;
    return {
      order: {
        transactionId: randomUUID(),
        sku,
        quantity: sku === 'plenty' ? 1 + (i % 4) : 1,
        customerId: `customer-${i % 50}`,
      },
      walksAway: i % 5 === 4,
      answers: [],
    };
  });
}

/** All of them order, a few at a time, and ask again with the same ID until they are answered or give up. */
export async function crowd(
  gatewayUrl: string,
  saleId: string,
  tickets: readonly Ticket[],
): Promise<readonly Ticket[]> {
  const line = tickets.values();
  const send = async (ticket: Ticket): Promise<number> => {
    const status = await placeOrder({ saleId, body: ticket.order }, { baseUrl: gatewayUrl }).then(
      (answer) => answer.status,
      () => 0,
    );
    ticket.answers.push(status);
    return status;
  };
  const shop = async () => {
    for (const ticket of line) {
      const endsAtMs = Date.now() + patienceMs;
      if (tickets.indexOf(ticket) % 7 === 6) void send(ticket);
      while (isUnanswered(await send(ticket)) && !ticket.walksAway && Date.now() < endsAtMs)
        await sleep(retryMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, shop));
  return tickets;
}

export function isUnanswered(status: number): boolean {
  return status === 0 || status === 503;
}
