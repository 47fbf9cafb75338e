import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { encodeEnvelope } from '../order/envelope.ts';
import { type OrderError, orderError } from '../order/errors.ts';
import type { OrderPublisher } from '../order/ports/queue.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import { createBreaker } from './breaker.ts';
import { type BrokerSession, createBrokerConnection } from './connection.ts';
import { withinDeadline } from './deadline.ts';
import { declareQueues, ordersQueue } from './queues.ts';
import { type BrokerMessage, createUnconfirmed, type Publication, refusalOf } from './unconfirmed.ts';

export type SenderState = ReturnType<OrderPublisher['state']>;

export interface SenderOptions {
  readonly amqpUrl: string;
  /** How long the broker has to confirm, from the call; 2,000 by default. A timeout opens the breaker. */
  readonly confirmTimeoutMs?: number;
  /** Messages without an answer at most; as many again may wait to be written. Beyond, a publish is refused. */
  readonly maxUnconfirmed: number;
  /** How often an open breaker and a full queue are probed. */
  readonly breakerOpenMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Declares further queues on each fresh connection, and again where one is missing. */
  readonly declare?: (model: ChannelModel) => Promise<void>;
  /** Called with each change of `state()`. */
  readonly onState?: (state: SenderState) => void;
}

/** Sends messages and says what became of them. */
export interface Sender extends Lifecycle {
  state(): SenderState;
  /**
   * Sends an envelope's bytes to the order queue; resolves when the broker has confirmed them.
   *
   * @throws OrderError `queue-unavailable` whenever `state()` is not `up`: nothing was sent; `publish-unconfirmed`
   *   where the broker refused it or did not answer in time
   */
  sendOrders(content: Buffer): Promise<void>;
  /** Sends any other message; the same, but it goes through while the order queue is `full`. */
  send(message: BrokerMessage): Promise<void>;
  /** Messages without an answer from the broker. */
  unconfirmed(): number;
}

/** When so many probes are unanswered, a fresh connection is tried. */
const maxProbesUnconfirmed = 10;

/**
 * One confirm channel on a connection of its own; all messages persistent, and what goes to a queue mandatory.
 *
 * `start` resolves with the first connection; until then the state is `away`. A queue that was deleted is declared
 * again. `stop` waits for the confirms that are under way.
 */
export function createSender(options: SenderOptions): Sender {
  const { clock, logger, maxUnconfirmed, confirmTimeoutMs = 2_000 } = options;
  let channel: ConfirmChannel | undefined;
  let session: BrokerSession | undefined;
  let blocked = false;
  let bufferFull = false;
  let queueMissing = false;
  let stopping = false;
  let stopped: Promise<void> | undefined;
  let nextId = 1;
  let probesUnconfirmed = 0;
  /** Handed to amqplib and not answered by the broker, the timed-out ones included. */
  let written = 0;
  let waiting: Publication[] = [];
  let reported: SenderState = 'away';

  const unconfirmed = createUnconfirmed(clock, () => {
    // While the broker blocks us no confirm is due: that is a state of its own, and ends by itself.
    if (!blocked) breaker.open('breaker-open', 0);
  });
  const breaker = createBreaker({
    clock,
    probeEveryMs: options.breakerOpenMs,
    sendProbe: () => void sendProbe(),
    onChange: stateChanged,
  });
  const connection = createBrokerConnection({
    amqpUrl: options.amqpUrl,
    connectionName: 'sluice publisher',
    logger,
    clock,
    open: openChannel,
    lost: (gone) => channelLost(gone),
  });

  async function declareAll(model: ChannelModel): Promise<void> {
    await declareQueues(model);
    await options.declare?.(model);
  }

  function state(): SenderState {
    if (!channel || stopping) return 'away';
    return blocked ? 'blocked' : (breaker.state() ?? 'up');
  }

  function stateChanged(): void {
    const now = state();
    if (now === reported) return;
    logger.info({ from: reported, to: now }, 'the publisher changed state');
    reported = now;
    options.onState?.(now);
  }

  async function openChannel(opened: BrokerSession): Promise<void> {
    const { model } = opened;
    blocked = false;
    model.on('blocked', () => {
      blocked = true;
      stateChanged();
    });
    model.on('unblocked', () => {
      blocked = false;
      stateChanged();
      breaker.probe();
    });
    await declareAll(model);
    const fresh = await model.createConfirmChannel();
    fresh.on('error', (error) => logger.warn({ err: error }, 'the publishing channel failed'));
    // Before amqplib's own listener, which answers all confirms as if they were nacked.
    fresh.prependListener('close', () => channelLost(opened));
    fresh.on('return', (message) => {
      const publication = unconfirmed.find(Number(message.properties.messageId));
      if (publication) publication.returned = true;
    });
    fresh.on('drain', () => {
      bufferFull = false;
      writeWaiting();
    });
    channel = fresh;
    session = opened;
    bufferFull = false;
    queueMissing = false;
    // A broker that came back may be blocked, without its queue's leader or full; one probe tells.
    if (opened.number > 1) breaker.open('breaker-open', nextId);
    stateChanged();
    breaker.probe();
  }

  function channelLost(lost: BrokerSession): void {
    if (lost !== session) return;
    channel = undefined;
    session = undefined;
    waiting = [];
    probesUnconfirmed = 0;
    written = 0;
    unconfirmed.abandon('the connection to the broker was lost');
    stateChanged();
    lost.drop('its channel is gone');
  }

  function enqueue(message: BrokerMessage, probe = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const publication: Publication = {
        id: nextId++,
        message,
        probe,
        deadlineMs: clock.monotonicMs() + confirmTimeoutMs,
        sent: false,
        returned: false,
        answered: false,
        resolve,
        reject,
      };
      unconfirmed.add(publication);
      if (probe || (waiting.length === 0 && mayWrite())) write(publication);
      else waiting.push(publication);
    });
  }

  async function send(message: BrokerMessage, goesThrough: (state: SenderState) => boolean): Promise<void> {
    const now = state();
    if (!goesThrough(now)) throw unavailable(now);
    if (waiting.length >= maxUnconfirmed) throw unavailable('overloaded');
    await enqueue(message);
  }

  /** Beyond either limit amqplib would only buffer. */
  function mayWrite(): boolean {
    return channel !== undefined && !bufferFull && written < maxUnconfirmed;
  }

  function writeWaiting(): void {
    while (waiting.length > 0 && mayWrite()) {
      const publication = waiting.shift()!;
      if (!publication.answered) write(publication);
    }
  }

  function write(publication: Publication): void {
    const { id, message } = publication;
    const toQueue = 'queue' in message;
    try {
      publication.sent = true;
      written += 1;
      const goOn = channel!.publish(
        toQueue ? '' : message.exchange,
        toQueue ? message.queue : message.key,
        message.content,
        {
          persistent: true,
          mandatory: toQueue,
          messageId: String(id),
          ...(message.contentType === undefined ? {} : { contentType: message.contentType }),
          ...(message.headers ? { headers: message.headers } : {}),
        },
        (error: unknown) => brokerAnswered(publication, error === null),
      );
      if (!goOn) bufferFull = true;
    } catch (cause) {
      written -= 1;
      unconfirmed.remove(publication);
      publication.reject(orderError('queue-unavailable', 'the channel is closed', { cause }));
    }
  }

  function brokerAnswered(publication: Publication, acked: boolean): void {
    if (unconfirmed.find(publication.id) === undefined) return;
    const inTime = !publication.answered;
    unconfirmed.remove(publication);
    written -= 1;
    if (publication.probe) probesUnconfirmed -= 1;
    if (acked && !publication.returned) {
      if (inTime) publication.resolve();
      // Anything else that is confirmed says nothing about a full or missing order queue.
      if (isForOrders(publication)) breaker.confirmed(publication.id);
    } else {
      if (inTime) publication.reject(refusalOf(publication));
      if (publication.returned) queueIsMissing(publication);
      else if (isForOrders(publication)) breaker.open('full', nextId);
    }
    writeWaiting();
  }

  function queueIsMissing(publication: Publication): void {
    queueMissing = true;
    breaker.open('breaker-open', nextId);
    if (!publication.probe) breaker.probe();
  }

  async function sendProbe(): Promise<void> {
    if (!session || blocked || bufferFull) return;
    const asked = session;
    if (probesUnconfirmed >= maxProbesUnconfirmed) {
      asked.drop('it answers no probe');
      return;
    }
    probesUnconfirmed += 1;
    if (queueMissing) {
      try {
        await declareAll(asked.model);
        queueMissing = false;
      } catch (error) {
        logger.warn({ err: error }, 'the queues could not be declared again');
      }
    }
    if (session !== asked) return;
    const content = encodeEnvelope({ saleId: 'probe', orders: [] });
    await enqueue({ queue: ordersQueue, content }, true).catch((error) =>
      logger.debug({ err: error }, 'the probe was not confirmed'),
    );
  }

  async function shutDown(deadlineMs: number): Promise<void> {
    const endMs = clock.monotonicMs() + deadlineMs;
    stopping = true;
    stateChanged();
    breaker.stop();
    await withinDeadline(unconfirmed.idle(), deadlineMs);
    unconfirmed.close('the publisher stops');
    channel = undefined;
    session = undefined;
    await connection.stop(Math.max(0, endMs - clock.monotonicMs()));
  }

  return {
    start: () => connection.start(),
    stop(deadlineMs) {
      stopped ??= shutDown(deadlineMs);
      return stopped;
    },
    state,
    unconfirmed: () => written,
    sendOrders: (content) => send({ queue: ordersQueue, content }, (now) => now === 'up'),
    send: (message) => send(message, (now) => now === 'up' || now === 'full'),
  };
}

function isForOrders({ message }: Publication): boolean {
  return 'queue' in message && message.queue === ordersQueue;
}

function unavailable(why: string): OrderError {
  return orderError('queue-unavailable', `nothing was published: the queue is ${why}`);
}
