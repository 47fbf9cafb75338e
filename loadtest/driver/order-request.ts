import type { LoadOrder } from './order-log.ts';

/** The start of every order request to a gateway, up to the length of its body. */
export function requestHead(target: URL, saleId: string): string {
  const path = `${target.pathname.replace(/\/$/, '')}/sales/${saleId}/orders`;
  return `POST ${path} HTTP/1.1\r\nHost: ${target.host}\r\nContent-Type: application/json\r\nContent-Length: `;
}

/** A whole order request; no field may need escaping in JSON, and all are ASCII. */
export function orderRequest(
  head: string,
  { transactionId, sku, quantity, customerId }: Omit<LoadOrder, 'intendedMs' | 'warmup'>,
): string {
  const body = `{"transactionId":"${transactionId}","sku":"${sku}","quantity":${quantity},"customerId":"${customerId}"}`;
  return `${head}${body.length}\r\n\r\n${body}`;
}
