import type { Duplex } from 'node:stream';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { createBackOff } from '../platform/back-off.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { withinDeadline } from './deadline.ts';
import { deferred } from './deferred.ts';

const connectTimeoutMs = 5_000;
const heartbeatSeconds = 10;

/** One connection, from the broker's welcome to its loss. */
export interface BrokerSession {
  readonly model: ChannelModel;
  /** 1 for the first connection, then 2, 3, … */
  readonly number: number;
  /** Gives the connection up; a new one follows. */
  drop(reason: string): void;
}

export interface BrokerConnectionOptions {
  readonly amqpUrl: string;
  /** Shown in the broker's list of connections. */
  readonly connectionName: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /**
   * Opens channels on a fresh connection. When it rejects, the connection is dropped and the next one tried; what is
   * still opening when the connection is lost is waited for no longer.
   */
  open(session: BrokerSession): Promise<void>;
  /** The connection is gone; called once for each that was handed to `open`, but not for the one `stop` closes. */
  lost(session: BrokerSession): void;
  /** Before `stop` closes the connection: the time for closing channels in order. */
  closing?(session: BrokerSession): Promise<void>;
}

/**
 * A connection that comes back by itself, with back-off from 0.1 to 5 s.
 *
 * It has its own loop instead of amqplib's `recovery`: that one brings back connections but not channels, and a
 * lost channel must come back too. Here a user that loses its channel drops the session, so there is one way of
 * recovery for all faults, at the cost of a connection handshake of a few milliseconds.
 */
export function createBrokerConnection(options: BrokerConnectionOptions): Lifecycle {
  const { logger, clock } = options;
  const stopping = new AbortController();
  let sessions = 0;
  let current: { readonly session: BrokerSession; close(deadlineMs: number): Promise<void> } | undefined;
  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  const works = deferred();

  async function run(): Promise<void> {
    const backOff = createBackOff({ firstMs: 100, maxMs: 5_000 });
    while (!stopping.signal.aborted) {
      try {
        if (await live(await openConnection(options.amqpUrl, options.connectionName))) backOff.reset();
      } catch (error) {
        logger.warn({ err: error, connection: options.connectionName }, 'no connection to the broker');
      }
      await clock.sleep(backOff.nextMs(), stopping.signal);
    }
  }

  /** Lives through one connection; resolves when it is gone, with whether it ever worked. */
  async function live(model: ChannelModel): Promise<boolean> {
    const gone = deferred();
    let closing: Promise<void> | undefined;
    const close = (deadlineMs: number) => {
      closing ??= closeConnection(model, deadlineMs).then(gone.resolve);
      return closing;
    };
    model.on('error', (error) => {
      if (!closing) logger.warn({ err: error, connection: options.connectionName }, 'the connection failed');
    });
    model.on('close', () => gone.resolve());
    const session: BrokerSession = {
      model,
      number: ++sessions,
      drop(reason) {
        if (closing || stopping.signal.aborted) return;
        logger.warn({ connection: options.connectionName, reason }, 'giving up the broker connection');
        void close(1_000);
      },
    };
    current = { session, close };
    let worked = false;
    const open = async () => {
      await options.open(session);
      worked = true;
      works.resolve();
    };
    try {
      if (stopping.signal.aborted) void close(1_000);
      else await Promise.race([open(), gone.promise]);
    } catch (error) {
      if (!closing)
        logger.warn({ err: error, connection: options.connectionName }, 'no channel on the broker');
      void close(1_000);
    }
    await gone.promise;
    current = undefined;
    if (!stopping.signal.aborted) options.lost(session);
    await close(1_000);
    return worked;
  }

  async function shutDown(deadlineMs: number): Promise<void> {
    const endMs = clock.monotonicMs() + deadlineMs;
    stopping.abort();
    if (current) {
      const { close, session } = current;
      await withinDeadline(options.closing?.(session) ?? Promise.resolve(), deadlineMs);
      await close(Math.max(0, endMs - clock.monotonicMs()));
    }
    if (running) await withinDeadline(running, Math.max(1_000, endMs - clock.monotonicMs()));
    works.resolve();
  }

  return {
    async start() {
      if (stopping.signal.aborted) return;
      running ??= run();
      await works.promise;
    },
    stop(deadlineMs) {
      stopped ??= shutDown(deadlineMs);
      return stopped;
    },
  };
}

/** Opens one connection; the caller owns it and must listen to its `error`. Rejects after 5 s at the latest. */
export async function openConnection(amqpUrl: string, connectionName: string): Promise<ChannelModel> {
  const url = new URL(amqpUrl);
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(heartbeatSeconds));
  // Without noDelay a confirm waits for Nagle and the delayed acknowledgement: 47 ms instead of one.
  return connect(url.href, {
    noDelay: true,
    timeout: connectTimeoutMs,
    clientProperties: { connection_name: connectionName },
  });
}

/**
 * Closes a channel in order: what was sent on it has arrived. Rejects where the connection is lost meanwhile; amqplib's
 * own `close` would never settle then.
 */
export function closeChannel(channel: Channel): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error('the connection was lost before its channel had closed'));
    // After an answer of the broker the promise below is settled first.
    channel.once('close', () => setImmediate(lost));
    channel.close().then(resolve, reject);
  });
}

/** Closes in order, or by force when the broker does not answer within `deadlineMs`. Never rejects. */
export async function closeConnection(model: ChannelModel, deadlineMs: number): Promise<void> {
  await withinDeadline(model.close(), deadlineMs);
  // amqplib notices a destroyed socket by its error only; on a connection that is closed the error goes nowhere.
  socketOf(model).destroy(new Error('closed by this side'));
}

function socketOf(model: ChannelModel): Duplex {
  return (model.connection as unknown as { stream: Duplex }).stream;
}
