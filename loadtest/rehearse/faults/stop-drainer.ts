import { sumOf } from '../../watch/prometheus-text.ts';
import type { Fault, FaultContext } from '../fault.ts';

/** Several batches, so that SIGTERM finds the drainer with one under way and more in its hands. */
const burstOrders = 300;
const stoppedWithinMs = 10_000;
const looks = 25;
/** Until the crowd stands at its next point; what a drainer lost is lost for ever, however long one waits. */
const quietWithinMs = 20_000;
const freezeMs = 60_000;

/** SIGTERM in the middle of a batch: it finishes its work, acknowledges it and leaves nothing to be done again. */
export const terminateDrainer: Fault = {
  name: 'terminate-drainer',
  summary: 'SIGTERM to a drainer in mid-batch: ends within 10 s, nothing it held is delivered again',
  strikes: 50,
  bound: 'role',
  needsPrivateServices: true,
  async strike(context, random) {
    const victim = random.pick(context.drainers);
    await victim.untilReady(stoppedWithinMs);
    const pid = victim.pid()!;
    const before = await leastUnacknowledged(context);
    const answered = context.burst(burstOrders);
    await context.sleep(random.below(150));
    const sentAtMs = performance.now();
    victim.signal('SIGTERM');
    const inTime = await victim.untilGone(pid, stoppedWithinMs).then(
      () => true,
      () => false,
    );
    const tookMs = Math.round(performance.now() - sentAtMs);
    return {
      did: `${victim.label} (pid ${pid}) asked to end, took ${tookMs} ms`,
      async heal(complain) {
        if (!inTime) complain(`${victim.label} did not end within ${stoppedWithinMs / 1_000} s of SIGTERM`);
      },
      async inspect(complain) {
        await answered;
        const lost = await lostDeliveries(context, before);
        if (lost > 0) complain(`${victim.label} ended on SIGTERM without acknowledging ${lost} envelopes`);
      },
    };
  },
};

/** SIGSTOP: it holds envelopes and says nothing, until the broker gives them to another. */
export const freezeDrainer: Fault = {
  name: 'freeze-drainer',
  summary: 'SIGSTOP a drainer for 60 s',
  strikes: 10,
  bound: 'neighbour',
  async strike(context, random) {
    const victim = random.pick(context.drainers);
    await victim.untilReady(stoppedWithinMs);
    victim.signal('SIGSTOP');
    return {
      did: `${victim.label} (pid ${victim.pid()}) frozen`,
      lastsMs: context.shortened(freezeMs),
      heal: async () => victim.signal('SIGCONT'),
    };
  },
};

/**
 * Envelopes that were sent to consumers and not acknowledged by them: what is in their hands now, and what ended
 * drainers held for ever. The broker's count of redeliveries would not do: it has those in it that it set aside for
 * a consumer and never sent, because the consumer was cancelled meanwhile.
 */
async function unacknowledged({ urls }: FaultContext): Promise<number> {
  const page = await (await fetch(urls.amqpMetricsUrl!)).text();
  const sum = (name: string) => sumOf(page, `rabbitmq_global_messages_${name}_total`);
  const delivered = sum('delivered_consume_manual_ack');
  const acknowledged = sum('acknowledged');
  if (delivered === undefined || acknowledged === undefined) {
    throw new Error('RabbitMQ does not count deliveries at its metrics port');
  }
  return delivered - acknowledged;
}

/** In the moments in which nothing is in anybody's hands: the least of several looks. */
async function leastUnacknowledged(context: FaultContext): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < looks; look++) least = Math.min(least, await unacknowledged(context));
  return least;
}

/** Waits for such a moment again; where none comes, what is too much was lost. */
async function lostDeliveries(context: FaultContext, before: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  const look = async () => {
    least = Math.min(least, await unacknowledged(context));
    return least <= before;
  };
  await context.until('every delivery to be acknowledged', look, quietWithinMs).catch(() => undefined);
  context.signal.throwIfAborted();
  return Math.max(0, least - before);
}
