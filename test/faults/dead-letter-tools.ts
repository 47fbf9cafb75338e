import amqp from 'amqplib';
import { createDeadLetterOperations } from '../../src/ops/dead-letters.ts';
import { orderError } from '../../src/order/errors.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';
import type { DeadLetterView } from '../../src/order/ports/queue.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createDeadLetters } from '../../src/queue/dead-letters.ts';
import type { Rig, RigItem } from '../support/rig.ts';
import { until } from '../support/wait.ts';

type Deps = Parameters<typeof createDeadLetterOperations>[0];

/** What operators do, on the rig's servers; parts may be replaced by ones that fail at a step. */
export function deadLettersOf(rig: Rig, replaced: Partial<Deps> = {}) {
  return createDeadLetterOperations({
    box: createDeadLetters({ amqpUrl: rig.stack.amqpUrl, logger: rig.logger }),
    ledger: rig.ledger,
    claims: rig.claims,
    events: rig.publisher,
    clock: systemClock,
    logger: rig.logger,
    ...replaced,
  });
}

/** Takes the first envelope and gives it back unacknowledged, as a drainer that dies does. */
export async function giveBack(rig: Rig): Promise<void> {
  const model = await amqp.connect(rig.stack.amqpUrl);
  model.on('error', () => undefined);
  const channel = await model.createChannel();
  const message = await channel.get('sluice.orders');
  if (message) channel.nack(message, false, true);
  await channel.close();
  await model.close();
}

export async function untilLetters(rig: Rig, letters: number): Promise<DeadLetterView[]> {
  const box = createDeadLetters({ amqpUrl: rig.stack.amqpUrl, logger: rig.logger });
  return until(
    async () => {
      const found = await box.list(1_000);
      return found.length === letters && found;
    },
    { deadlineMs: 10_000, what: `${letters} dead letters` },
  );
}

export async function statusOf(rig: Rig, { saleId, transactionId }: ClaimedOrder) {
  const [view] = await rig.claims.read(saleId, [transactionId]);
  return view && [view.status, view.reason];
}

export async function rowOf(rig: Rig, { saleId, transactionId }: ClaimedOrder) {
  const [row] = await rig.ledger.find(saleId, [transactionId]);
  return row && [row.status, row.reason];
}

/** Pieces of the only SKU: left to claim and held in Redis, and left in the ledger. */
export async function stockOf(rig: Rig, saleId: string) {
  const counters = await rig.claims.counters(saleId);
  const [item] = counters!.items;
  return { left: item!.left, held: item!.claimed, ledger: (await rig.counts(saleId)).stockLeft };
}

/** A sale whose ledger has lost its SKU for a while: orders of it fail as `unknown-sku`, with their claims. */
export async function failedOrders(rig: Rig, count: number, item: Partial<RigItem> = {}) {
  const saleId = await rig.sale([{ sku: 'sku', stock: 10, ...item }]);
  const orders = await rig.claimed(saleId, 'sku', count);
  const { rows } = await rig.db.query('DELETE FROM sale_items WHERE sale_id = $1 RETURNING *', [saleId]);
  await rig.publisher.publish({ saleId, orders });
  await untilLetters(rig, count);
  await until(async () => (await rig.claims.counters(saleId))!.settled === count, {
    deadlineMs: 5_000,
    what: 'the claims to be settled',
  });
  const row = rows[0] as Record<string, unknown>;
  const columns = Object.keys(row);
  const addSku = (change: Record<string, unknown> = {}) =>
    rig.db.query(
      `INSERT INTO sale_items (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
      columns.map((column) => (column in change ? change[column] : row[column])),
    );
  return { saleId, orders, addSku };
}

/** A step that fails. */
export const away = () => Promise.reject(orderError('claims-unavailable', 'cut off by the test'));

export const outcomes = async (handled: ReturnType<ReturnType<typeof deadLettersOf>['redrive']>) =>
  (await handled).letters.map(({ outcome }) => outcome);
