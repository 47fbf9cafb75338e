import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { LedgerOrder, LedgerReader } from '../order/ports/ledger.ts';
import { knownSale } from './known-sale.ts';

const pageOrders = 2_000;
const columns = [
  'sale_id',
  'transaction_id',
  'sku',
  'customer_id',
  'quantity',
  'status',
  'reason',
  'sequence',
  'accepted_at',
  'settled_at',
] as const;

/** CSV as RFC 4180 has it, with a header line; or one JSON object a line, with the same names. */
export type ExportFormat = 'csv' | 'json-lines';

/**
 * Writes all settled orders of a sale in order of transaction ID. Resolves with their number; a standard output
 * stays open.
 *
 * @throws OrderError `unknown-sale`.
 */
export async function exportOrders(
  ledger: Pick<LedgerReader, 'orders' | 'sale' | 'sales'>,
  saleId: string,
  output: NodeJS.WritableStream,
  format: ExportFormat = 'csv',
): Promise<number> {
  await knownSale(ledger, saleId);
  const lineOf = format === 'csv' ? csvLine : jsonLine;
  let count = 0;
  if (format === 'csv') output.write(`${columns.join(',')}\n`);
  for await (const page of ledger.orders(saleId, pageOrders)) {
    count += page.length;
    const lines = page.map((order) => lineOf(valuesOf(order)));
    if (!output.write(`${lines.join('\n')}\n`)) await once(output, 'drain');
  }
  if (output !== process.stdout) {
    output.end();
    await finished(output);
  }
  return count;
}

type Value = string | number | null;

function valuesOf({ order, status, reason, settledAtMs }: LedgerOrder): Value[] {
  return [
    order.saleId,
    order.transactionId,
    order.sku,
    order.customerId,
    order.quantity,
    status,
    reason ?? null,
    order.sequence,
    new Date(order.claimedAtMs).toISOString(),
    new Date(settledAtMs).toISOString(),
  ];
}

function jsonLine(values: readonly Value[]): string {
  return JSON.stringify(Object.fromEntries(columns.map((column, i) => [column, values[i]])));
}

function csvLine(values: readonly Value[]): string {
  return values.map(quote).join(',');
}

/** Quotes what needs it; a customer ID may hold commas and quotes, and a spreadsheet must not run it. */
function quote(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@]/.test(value) ? `'${value}` : value;
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
