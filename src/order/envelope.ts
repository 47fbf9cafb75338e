import { orderError } from './errors.ts';
import type { ClaimedOrder } from './order.ts';

/**
 * One AMQP message with 1 to N claimed orders of one sale.
 *
 * Version 1 is JSON: `{ "v": 1, "sale": "…", "orders": [[transactionId, sku, quantity, customerId, sequence,
 * claimedAtMs], …] }`. Rows are arrays because an envelope is written and read once per order on the hot path.
 * Where an order's request had a W3C Trace Context, `"traces": [[place of its row, traceparent], …]` holds it.
 * An envelope without orders is a probe: the broker confirms it, the drainer acknowledges it, nothing else
 * happens.
 */
export interface Envelope {
  readonly saleId: string;
  readonly orders: readonly ClaimedOrder[];
}

export const envelopeVersion = 1;

export function encodeEnvelope(envelope: Envelope): Buffer {
  const rows = envelope.orders.map((o) => [
    o.transactionId,
    o.sku,
    o.quantity,
    o.customerId,
    o.sequence,
    o.claimedAtMs,
  ]);
  const traces = tracesOf(envelope.orders);
  return Buffer.from(
    JSON.stringify({
      v: envelopeVersion,
      sale: envelope.saleId,
      orders: rows,
      ...(traces ? { traces } : undefined),
    }),
  );
}

function tracesOf(orders: readonly ClaimedOrder[]): [number, string][] | undefined {
  let traces: [number, string][] | undefined;
  for (let i = 0; i < orders.length; i++) {
    const { traceparent } = orders[i]!;
    if (traceparent === undefined) continue;
    traces ??= [];
    traces.push([i, traceparent]);
  }
  return traces;
}

/** @throws OrderError `envelope-unreadable` (dead-letter): not JSON, another version, a row of another shape. */
export function decodeEnvelope(content: Buffer): Envelope {
  let parsed: { v?: unknown; sale?: unknown; orders?: unknown; traces?: unknown };
  try {
    parsed = JSON.parse(content.toString('utf8'));
  } catch (cause) {
    throw orderError('envelope-unreadable', 'the envelope is not JSON', { cause });
  }
  if (parsed?.v !== envelopeVersion) {
    // Not `String`: what JSON calls an object may bring its own `toString`, and be no function.
    const version = JSON.stringify(parsed?.v)?.slice(0, 100);
    throw orderError('envelope-unreadable', `envelope version ${version} is not ${envelopeVersion}`);
  }
  const saleId = parsed.sale;
  if (typeof saleId !== 'string' || !Array.isArray(parsed.orders)) {
    throw orderError('envelope-unreadable', 'the envelope lacks its sale or its orders');
  }
  const orders = parsed.orders.map((row) => decodeRow(saleId, row));
  if (Array.isArray(parsed.traces)) addTraces(orders, parsed.traces);
  return { saleId, orders };
}

/** A trace that can't be read is no reason to refuse an order. */
function addTraces(orders: ClaimedOrder[], traces: readonly unknown[]): void {
  for (const trace of traces) {
    if (!Array.isArray(trace)) continue;
    const [place, traceparent] = trace as [number, unknown];
    // What is no number may name something that every array has.
    const order = Number.isInteger(place) ? orders[place] : undefined;
    if (order && typeof traceparent === 'string') orders[place] = { ...order, traceparent };
  }
}

function decodeRow(saleId: string, row: unknown): ClaimedOrder {
  if (Array.isArray(row) && row.length === 6) {
    const [transactionId, sku, quantity, customerId, sequence, claimedAtMs] = row;
    if (
      typeof transactionId === 'string' &&
      typeof sku === 'string' &&
      Number.isInteger(quantity) &&
      typeof customerId === 'string' &&
      Number.isInteger(sequence) &&
      Number.isInteger(claimedAtMs)
    ) {
      return { saleId, transactionId, sku, quantity, customerId, sequence, claimedAtMs };
    }
  }
  throw orderError('envelope-unreadable', 'a row of the envelope is not an order');
}
