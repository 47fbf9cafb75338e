import { once } from 'node:events';
import { Writable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { expect, it } from 'vitest';
import { until } from '../../test/support/wait.ts';
import { systemClock } from '../platform/clock.ts';
import { createOrderStreams } from './order-stream.ts';

it('a stream that nobody reads is cut off before it fills the memory; others go on', async () => {
  let position = 1_000_000;
  const at = () => ({ saleId: 'sale', transactionId: 'transaction', status: 'accepted' as const, position });
  const streams = createOrderStreams({
    status: {
      async one() {
        position -= 1;
        return { outcome: 'found', reply: at(), customerId: 'customer' };
      },
    },
    maxStreams: 2,
    intervalMs: 0,
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
    },
  });
  /** A connection whose other side takes everything, or nothing. */
  const open = (reads: boolean) => {
    const raw = Object.assign(
      new Writable({ write: (_chunk, _encoding, taken) => (reads ? taken() : undefined) }),
      { writeHead: () => undefined },
    );
    expect(streams.open({ raw, hijack: () => undefined } as unknown as FastifyReply, at())).toBe(true);
    return raw;
  };
  const reader = open(true);
  const sleeper = open(false);
  await streams.start();
  await until(() => sleeper.destroyed, { deadlineMs: 10_000, what: 'the unread stream to be cut off' });
  expect(sleeper.writableLength).toBeLessThan(128 * 1024);
  expect({ count: streams.count(), destroyed: reader.destroyed }).toEqual({ count: 1, destroyed: false });
  await streams.stop(1_000);
});

it('a client that left while its order was read is not kept', async () => {
  const streams = createOrderStreams({
    status: { one: () => Promise.reject(new Error('nobody asks')) },
    maxStreams: 1,
    intervalMs: 0,
    clock: systemClock,
  });
  const order = { saleId: 'sale', transactionId: 'transaction', status: 'accepted' as const };
  const raw = Object.assign(new Writable(), { writeHead: () => undefined });
  raw.destroy();
  await once(raw, 'close');
  expect(streams.open({ raw, hijack: () => undefined } as unknown as FastifyReply, order)).toBe(true);
  expect(streams.count()).toBe(0);
});
