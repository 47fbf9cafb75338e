import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { orderError } from '../order/errors.ts';
import type { LedgerReader } from '../order/ports/ledger.ts';

const pageOrders = 2_000;
const columns =
  'sale_id,transaction_id,sku,customer_id,quantity,status,reason,sequence,accepted_at,settled_at\n';

/**
 * Writes all settled orders of a sale as CSV (RFC 4180, a header line), in order of transaction ID. Resolves with
 * their number; a standard output stays open.
 *
 * @throws OrderError `unknown-sale`.
 */
export async function exportOrders(
  ledger: Pick<LedgerReader, 'orders' | 'sale'>,
  saleId: string,
  output: NodeJS.WritableStream,
): Promise<number> {
  if (!(await ledger.sale(saleId))) throw orderError('unknown-sale', `there is no sale ${saleId}`);
  let count = 0;
  output.write(columns);
  for await (const page of ledger.orders(saleId, pageOrders)) {
    const lines = page.map(({ order, status, reason, settledAtMs }) =>
      [
        order.saleId,
        order.transactionId,
        order.sku,
        order.customerId,
        order.quantity,
        status,
        reason ?? '',
        order.sequence,
        new Date(order.claimedAtMs).toISOString(),
        new Date(settledAtMs).toISOString(),
      ]
        .map(quote)
        .join(','),
    );
    count += page.length;
    if (!output.write(`${lines.join('\n')}\n`)) await once(output, 'drain');
  }
  if (output !== process.stdout) {
    output.end();
    await finished(output);
  }
  return count;
}

/** Quotes what needs it; a customer ID may hold commas and quotes, and a spreadsheet must not run it. */
function quote(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
