import type { Fault, FaultContext } from '../fault.ts';

/** Several batches, so that SIGTERM finds the drainer with one under way and more in its hands. */
const burstOrders = 300;
const stoppedWithinMs = 10_000;
const freezeMs = 60_000;

/** SIGTERM in the middle of a batch: it finishes its work, acknowledges it and leaves nothing to be done again. */
export const terminateDrainer: Fault = {
  name: 'terminate-drainer',
  summary: 'SIGTERM to a drainer in mid-batch: ends within 10 s, nothing is delivered again',
  strikes: 50,
  bound: 'role',
  needsPrivateServices: true,
  async strike(context, random) {
    const victim = random.pick(context.drainers);
    await victim.untilReady(stoppedWithinMs);
    const pid = victim.pid()!;
    const before = await redeliveries(context);
    const answered = context.burst(burstOrders);
    await context.sleep(random.below(150));
    const sentAtMs = performance.now();
    victim.signal('SIGTERM');
    const inTime = await victim.untilGone(pid, stoppedWithinMs).then(
      () => true,
      () => false,
    );
    const tookMs = Math.round(performance.now() - sentAtMs);
    const again = (await redeliveries(context)) - before;
    await answered;
    return {
      did: `${victim.label} (pid ${pid}) asked to end, took ${tookMs} ms`,
      heal: async () => [
        ...(inTime ? [] : [`${victim.label} did not end within ${stoppedWithinMs / 1_000} s of SIGTERM`]),
        ...(again === 0 ? [] : [`${again} envelopes were delivered again after SIGTERM to ${victim.label}`]),
      ],
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
      async heal() {
        victim.signal('SIGCONT');
        return undefined;
      },
    };
  },
};

/** Messages that the broker has delivered again since it started: a counter that it keeps at every delivery. */
async function redeliveries({ urls }: FaultContext): Promise<number> {
  const response = await fetch(urls.amqpMetricsUrl!);
  const page = await response.text();
  const samples = [...page.matchAll(/^rabbitmq_global_messages_redelivered_total\{[^}]*\} (\S+)$/gm)];
  if (samples.length === 0) throw new Error('RabbitMQ does not count redeliveries at its metrics port');
  return samples.reduce((sum, [, value]) => sum + Number(value), 0);
}
