import type { FastifyReply } from 'fastify';
import { beginEventStream } from '../../platform/event-stream.ts';
import { refuse } from '../admin-problems.ts';
import { createHistory } from './history.ts';
import type { Snapshot } from './snapshot.ts';

/** Operators are few; each stream costs a socket and one write a second. */
const maxStreams = 100;
/** A viewer that leaves this much unread is not looking: it would be kept in memory. */
const maxUnreadBytes = 512 * 1024;

interface Stream {
  readonly reply: FastifyReply;
  /** Whether the viewer's session still stands. */
  readonly mayWatch: () => boolean;
}

/** The server-sent events of the ops page: history on opening, then each snapshot, the same bytes to all. */
export function createLiveStreams() {
  const history = createHistory();
  const streams = new Set<Stream>();
  let latest: string | undefined;

  return {
    publish(snapshot: Snapshot): void {
      history.add(snapshot);
      latest = eventOf('snapshot', JSON.stringify(snapshot));
      for (const stream of streams) {
        const { raw } = stream.reply;
        if (!stream.mayWatch()) {
          streams.delete(stream);
          raw.end(eventOf('session-over', '{}'));
        } else if (raw.writableLength > maxUnreadBytes) {
          streams.delete(stream);
          raw.destroy();
        } else {
          raw.write(latest);
        }
      }
    },

    open(reply: FastifyReply, mayWatch: () => boolean): FastifyReply {
      if (streams.size >= maxStreams) {
        reply.header('retry-after', '5');
        return refuse(reply, 503, 'unavailable', `${maxStreams} viewers are watching already`);
      }
      beginEventStream(reply);
      const stream: Stream = { reply, mayWatch };
      streams.add(stream);
      reply.raw.on('close', () => streams.delete(stream));
      reply.raw.write(eventOf('history', history.toJson()));
      if (latest !== undefined) reply.raw.write(latest);
      return reply;
    },
    viewers: () => streams.size,
  };
}
export type LiveStreams = ReturnType<typeof createLiveStreams>;

function eventOf(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
