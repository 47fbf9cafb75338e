import type { LedgerOrder } from './ports/ledger.ts';
import type { SettledStatus, SettleReason } from './states.ts';

/**
 * What became of an order, as the world is told: a CloudEvents 1.0 event in the JSON format. `docs/events.md`
 * describes it and holds its schema.
 *
 * The same event may come more than once, always with the same `id`.
 */
export interface OrderEvent {
  readonly specversion: '1.0';
  /** Sale, transaction and outcome, separated by slashes, which none of them can contain. */
  readonly id: string;
  /** `/sales/{saleId}` */
  readonly source: string;
  readonly type: OrderEventType;
  /** The transaction ID. */
  readonly subject: string;
  /** When the ledger settled the order. */
  readonly time: string;
  /** W3C Trace Context of the shopper's request, where it had one. */
  readonly traceparent?: string;
  readonly data: OrderEventData;
}

export type OrderEventType = `sluice.order.${SettledStatus}`;

export interface OrderEventData {
  readonly saleId: string;
  readonly transactionId: string;
  readonly sku: string;
  /** Pieces; out of the range of an order only where that is why it failed. */
  readonly quantity: number;
  readonly customerId: string;
  readonly status: SettledStatus;
  readonly reason?: SettleReason;
  /** Place in the sale's line, counted from 1. */
  readonly sequence: number;
  /** When the order was claimed. */
  readonly acceptedAt: string;
  readonly settledAt: string;
}

/** One message with the events of one outcome. */
export interface EventMessage {
  readonly routingKey: EventRoutingKey;
  /** A JSON array of events. */
  readonly content: Buffer;
  readonly events: number;
}

export type EventRoutingKey = `orders.${SettledStatus}`;

/** Media type of a JSON array of events, and of one event alone. */
export const eventBatchType = 'application/cloudevents-batch+json';
export const eventType = 'application/cloudevents+json';

export function eventOf(
  { order, status, reason, settledAtMs }: LedgerOrder,
  timeOf: (ms: number) => string = isoTime,
): OrderEvent {
  const { saleId, transactionId, sku, quantity, customerId, sequence, claimedAtMs, traceparent } = order;
  const settledAt = timeOf(settledAtMs);
  return {
    specversion: '1.0',
    id: eventId(saleId, transactionId, status),
    source: `/sales/${saleId}`,
    type: `sluice.order.${status}`,
    subject: transactionId,
    time: settledAt,
    ...(traceparent === undefined ? undefined : { traceparent }),
    data: {
      saleId,
      transactionId,
      sku,
      quantity,
      customerId,
      status,
      ...(reason === undefined ? undefined : { reason }),
      sequence,
      acceptedAt: timeOf(claimedAtMs),
      settledAt,
    },
  };
}

export function eventId(saleId: string, transactionId: string, status: SettledStatus): string {
  return `${saleId}/${transactionId}/${status}`;
}

/** Events in one message at most: below 300 kB, also where many batches go together. */
const eventsPerMessage = 500;

/** One message per outcome that occurs, or more where they are many, with the events in the order given. */
export function encodeEvents(settled: readonly LedgerOrder[]): EventMessage[] {
  const messages: { readonly status: SettledStatus; readonly events: OrderEvent[] }[] = [];
  const filling = new Map<SettledStatus, OrderEvent[]>();
  // A batch has one time of settling and few of claiming, and writing a time costs as much as the rest of an event.
  const times = new Map<number, string>();
  function timeOf(ms: number): string {
    let time = times.get(ms);
    if (time === undefined) {
      time = isoTime(ms);
      times.set(ms, time);
    }
    return time;
  }
  for (const one of settled) {
    const { status } = one;
    let events = filling.get(status);
    if (events === undefined || events.length === eventsPerMessage) {
      events = [];
      filling.set(status, events);
      messages.push({ status, events });
    }
    events.push(eventOf(one, timeOf));
  }
  return messages.map(({ status, events }) => ({
    routingKey: `orders.${status}`,
    content: Buffer.from(JSON.stringify(events)),
    events: events.length,
  }));
}

/** What a message held: its events in their order, and the parts that are none. */
export interface DecodedEvents {
  readonly events: readonly OrderEvent[];
  readonly unreadable: readonly { readonly content: Buffer; readonly reason: string }[];
}

/** Reads a message of one event or of many. What can't be understood stands apart, and harms nothing beside it. */
export function decodeEvents(content: Buffer): DecodedEvents {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content.toString('utf8'));
  } catch {
    return { events: [], unreadable: [{ content, reason: 'it is not JSON' }] };
  }
  const events: OrderEvent[] = [];
  const unreadable: { content: Buffer; reason: string }[] = [];
  for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
    const reason = faultOf(one);
    if (reason === undefined) events.push(one as OrderEvent);
    else unreadable.push({ content: Buffer.from(JSON.stringify(one)), reason });
  }
  return { events, unreadable };
}

const statuses = new Set<unknown>(['confirmed', 'rejected', 'failed'] satisfies SettledStatus[]);

/** The first thing about a value that no order event has. Attributes and fields that are not known are no fault. */
function faultOf(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is not an event';
  if (value.specversion !== '1.0') return 'its specversion is not 1.0';
  for (const name of ['id', 'source', 'type', 'subject'] as const) {
    if (typeof value[name] !== 'string' || value[name] === '') return `it has no ${name}`;
  }
  if (!isTime(value.time)) return 'its time is no time';
  if (value.traceparent !== undefined && typeof value.traceparent !== 'string') {
    return 'its traceparent is no text';
  }
  const { data } = value;
  if (!isObject(data)) return 'it has no data';
  if (!statuses.has(data.status)) return 'its data.status is not a status it could have';
  if (value.type !== `sluice.order.${data.status}`) return 'its type does not fit its data.status';
  for (const name of ['saleId', 'transactionId', 'sku', 'customerId'] as const) {
    if (typeof data[name] !== 'string') return `its data.${name} is no text`;
  }
  for (const name of ['quantity', 'sequence'] as const) {
    if (!Number.isInteger(data[name])) return `its data.${name} is no whole number`;
  }
  for (const name of ['acceptedAt', 'settledAt'] as const) {
    if (!isTime(data[name])) return `its data.${name} is no time`;
  }
  if (data.reason !== undefined && typeof data.reason !== 'string') return 'its data.reason is no text';
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

/** The year 9999: as far as ISO 8601 goes with four digits. A failed order may claim any time. */
const timeMaxMs = 253_402_300_799_999;

function isoTime(ms: number): string {
  return new Date(Math.min(timeMaxMs, Math.max(0, ms)) || 0).toISOString();
}
