import { randomBytes } from 'node:crypto';

/** A complete HTTP request with one order, whose transaction ID and customer are replaced in place. */
export interface OrderRequest {
  /** The bytes to send. Send them before the next `next()`. */
  readonly bytes: Buffer;
}

/** Makes requests for one sale and SKU; each order has a transaction ID (a UUID) that no other has. */
export interface OrderRequests {
  create(): OrderRequest;
  /** Writes the next order into a request whose last answer has arrived. */
  next(request: OrderRequest): void;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) =>
  Buffer.from(byte.toString(16).padStart(2, '0'), 'latin1').readUInt16LE(),
);

/** Orders for `url` (the order endpoint). Up to 2³² of them are different, and random runs never share one. */
export function createOrderRequests(url: URL, sku: string): OrderRequests {
  const tail = randomBytes(12).toString('hex');
  const transactionId = `00000000-${tail.slice(0, 4)}-4${tail.slice(4, 7)}-8${tail.slice(7, 10)}-${tail.slice(10, 22)}`;
  const body = JSON.stringify({ transactionId, sku, quantity: 1, customerId: 'c00000000' });
  const template = Buffer.from(
    `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    'latin1',
  );
  const transactionIdAt = template.indexOf(transactionId);
  const customerAt = template.indexOf('"c00000000"') + 2;
  let counter = 0;

  return {
    create: () => ({ bytes: Buffer.from(template) }),
    next({ bytes }) {
      const value = scatter(counter++);
      writeHex(bytes, transactionIdAt, value);
      writeHex(bytes, customerAt, value);
    },
  };
}

/** A bijection on 32 bits (MurmurHash3's finaliser): different counters stay different, and arrive in no order. */
export function scatter(counter: number): number {
  let value = counter;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function writeHex(bytes: Buffer, at: number, value: number): void {
  for (let i = 0; i < 4; i++) {
    const pair = hexPairs[(value >>> (24 - 8 * i)) & 0xff]!;
    bytes[at + 2 * i] = pair & 0xff;
    bytes[at + 2 * i + 1] = pair >>> 8;
  }
}
