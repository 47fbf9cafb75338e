import type { FastifyReply } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import { beginEventStream } from '../platform/event-stream.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { isSettled, type OrderReply } from './order-reply.ts';
import type { StatusReader } from './read-status.ts';

/** Server-sent events for orders that wait. */
export interface OrderStreams extends Lifecycle {
  /** Takes the reply over and streams until the order is settled; `false` at the limit, with nothing sent. */
  open(reply: FastifyReply, first: OrderReply): boolean;
  count(): number;
}

/**
 * Of the event that says how an order was settled. A browser's `EventSource` takes the end of a stream for a lost
 * connection and comes again with it; only 204 keeps it away.
 */
export const lastEventId = 'settled';

interface Stream {
  readonly reply: FastifyReply;
  last: OrderReply;
  silentTicks: number;
}

/** A client that leaves this much unread is not reading: it would be kept in memory. */
const maxUnreadBytes = 64 * 1024;
/** A comment line this often keeps proxies and idle timers from closing a quiet stream. */
const keepAliveTicks = 30;

/**
 * One loop per gateway reads the status of all streamed orders every `intervalMs` (the reads coalesce into a few
 * calls) and writes to those whose status or position has changed.
 */
export function createOrderStreams(deps: {
  status: StatusReader;
  maxStreams: number;
  intervalMs: number;
  clock: Clock;
}): OrderStreams {
  const streams = new Set<Stream>();
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  function send(stream: Stream, order: OrderReply): void {
    const id = isSettled(order.status) ? `id: ${lastEventId}\n` : '';
    stream.reply.raw.write(`${id}event: order\ndata: ${JSON.stringify(order)}\n\n`);
    stream.last = order;
    stream.silentTicks = 0;
    if (isSettled(order.status)) close(stream);
  }

  function close(stream: Stream): void {
    streams.delete(stream);
    stream.reply.raw.end();
  }

  async function refresh(stream: Stream): Promise<void> {
    const { saleId, transactionId, status, position } = stream.last;
    const outcome = await deps.status.one(saleId, transactionId).catch(() => undefined);
    if (!streams.has(stream)) return;
    if (stream.reply.raw.writableLength > maxUnreadBytes) {
      streams.delete(stream);
      stream.reply.raw.destroy();
      return;
    }
    if (outcome?.outcome === 'found') {
      if (outcome.reply.status !== status || outcome.reply.position !== position) {
        send(stream, outcome.reply);
        return;
      }
    }
    stream.silentTicks += 1;
    if (stream.silentTicks % keepAliveTicks === 0) stream.reply.raw.write(': still waiting\n\n');
  }

  return {
    open(reply, first) {
      if (streams.size >= deps.maxStreams || stopping.signal.aborted) return false;
      beginEventStream(reply);
      // The client has left while its order was read, and will not leave again.
      if (reply.raw.destroyed) return true;
      const stream: Stream = { reply, last: first, silentTicks: 0 };
      streams.add(stream);
      reply.raw.on('close', () => streams.delete(stream));
      send(stream, first);
      return true;
    },
    count: () => streams.size,
    async start() {
      loop = (async () => {
        while (!stopping.signal.aborted) {
          await deps.clock.sleep(deps.intervalMs, stopping.signal);
          await Promise.all([...streams].map(refresh));
        }
      })();
    },
    async stop() {
      stopping.abort();
      await loop;
      for (const stream of streams) close(stream);
    },
  };
}
