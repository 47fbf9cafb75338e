import { connect } from 'amqplib';
import type { Random } from '../../random.ts';
import type { Fault, FaultContext, Strike } from '../fault.ts';
import { type BrokerControl, controlBroker } from './broker-control.ts';
import { pauseDrain } from './pause-drain.ts';
import type { ProxiedRoles } from './proxied-role.ts';
import { lastSequence, oldestSequence, onRedis } from './redis.ts';

const ordersQueue = 'sluice.orders';
const pileUpMs = 30_000;
/** What was in a queue that was deleted is missed after 15 s, and published again. */
const backMs = 45_000;

type Alarm = 'mem_alarm' | 'disk_free_alarm';

function alarm(
  name: string,
  summary: string,
  what: { readonly alarm: Alarm; readonly raise: readonly string[]; readonly lower: readonly string[] },
): Fault {
  const isRaised = async (broker: BrokerControl) =>
    (await broker.api<Record<Alarm, boolean>[]>('GET', '/nodes')).some((node) => node[what.alarm]);
  return {
    name,
    summary,
    strikes: 30,
    bound: 'neighbour',
    needsPrivateServices: true,
    async strike(context) {
      const broker = controlBroker(context);
      await broker.ctl(...what.raise);
      await context.until(`the ${what.alarm} of RabbitMQ`, () => isRaised(broker), 30_000);
      return {
        did: `RabbitMQ raised its ${what.alarm}`,
        lastsMs: context.shortened(15_000),
        async heal() {
          await broker.ctl(...what.lower);
          await context.until(`the end of the ${what.alarm}`, async () => !(await isRaised(broker)), 60_000);
        },
      };
    },
  };
}

/** Messages that are ready in the queue of orders. */
async function onOrders<T>(
  amqpUrl: string,
  work: (orders: { ready(): Promise<number>; remove(): Promise<number> }) => Promise<T>,
): Promise<T> {
  const connection = await connect(amqpUrl);
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    return await work({
      ready: async () => (await channel.checkQueue(ordersQueue)).messageCount,
      remove: async () => (await channel.deleteQueue(ordersQueue)).messageCount,
    });
  } finally {
    await connection.close().catch(() => undefined);
  }
}

/** Stops the drain until envelopes wait in the queue, then strikes; where that fails, the drain goes on. */
async function onPileUp(context: FaultContext, strike: () => Promise<Strike>): Promise<Strike> {
  const { databaseUrl, amqpUrl } = context.urls;
  await pauseDrain(databaseUrl, true);
  try {
    await onOrders(amqpUrl, (orders) =>
      context.until('envelopes that wait in the queue', async () => (await orders.ready()) > 1, pileUpMs),
    );
    return await strike();
  } catch (error) {
    await pauseDrain(databaseUrl, false);
    throw error;
  }
}

const queueFull: Fault = {
  name: 'queue-full',
  summary: 'the queue of orders takes no more envelopes, for 10 s',
  strikes: 30,
  bound: 'neighbour',
  strike: (context) =>
    onPileUp(context, async () => {
      const broker = controlBroker(context);
      const policy = `/operator-policies/${broker.vhost}/rehearsal-full`;
      // An operator's policy adds to the one that is in force; the smaller limit counts.
      await broker.api('PUT', policy, {
        pattern: '^sluice\\.orders$',
        'apply-to': 'queues',
        definition: { 'max-length': 1 },
      });
      return {
        did: 'the queue was limited to one envelope, and held more',
        lastsMs: context.shortened(10_000),
        async heal() {
          await broker.api('DELETE', policy);
          await pauseDrain(context.urls.databaseUrl, false);
        },
      };
    }),
};

const queueDeleted: Fault = {
  name: 'queue-deleted',
  summary: 'the queue of orders is deleted with accepted orders in it',
  strikes: 30,
  bound: 'neighbour',
  strike: (context) =>
    onPileUp(context, async () => {
      const { urls, saleId } = context;
      const lost = await onOrders(urls.amqpUrl, (orders) => orders.remove());
      const sequence = await onRedis(urls.redisUrl, (redis) => lastSequence(redis, saleId()));
      const isBack = () =>
        onRedis(urls.redisUrl, async (redis) => (await oldestSequence(redis, saleId())) > sequence);
      return {
        did: `the queue was deleted with ${lost} envelopes in it`,
        async heal(complain) {
          await pauseDrain(urls.databaseUrl, false);
          // Until then their only copy is the claim: losing Redis as well would lose them.
          try {
            await context.until('the orders of the lost envelopes', isBack, backMs);
          } catch {
            context.signal.throwIfAborted();
            complain(`orders of the deleted queue were not written within ${backMs / 1_000} s`);
          }
        },
      };
    }),
};

/** Any AMQP frame ends in this byte: behind it another frame may follow. */
const frameEnd = 0xce;

/** `basic.ack` on channel 1 of a delivery that there never was: the broker must close the channel for it (406). */
function wrongAck(): Buffer {
  const frame = Buffer.alloc(7 + 13 + 1);
  frame.writeUInt8(1, 0);
  frame.writeUInt16BE(1, 1);
  frame.writeUInt32BE(13, 3);
  frame.writeUInt16BE(60, 7);
  frame.writeUInt16BE(80, 9);
  frame.writeBigUInt64BE(1n << 50n, 11);
  frame.writeUInt8(0, 19);
  frame.writeUInt8(frameEnd, 20);
  return frame;
}

function channelClosed(proxied: ProxiedRoles): Fault {
  return {
    name: 'channel-closed',
    summary: 'RabbitMQ closes the channel of a process (406, as for a protocol error)',
    strikes: 30,
    bound: 'neighbour',
    async strike(context, random) {
      const role = random.pick([...context.gateways, ...context.drainers]);
      const { rabbitmq } = await proxied.proxiesOf(context, role);
      await context.sleep(random.below(300));
      const closed = rabbitmq.awaitReply(Buffer.from([0, 20, 0, 40]));
      rabbitmq.inject(wrongAck(), (piece) => piece.at(-1) === frameEnd);
      await context.until(`RabbitMQ to close the channel of ${role.label}`, closed.seen, 30_000);
      return { did: `the channel of ${role.label} closed by the broker` };
    },
  };
}

const connectionClosed: Fault = {
  name: 'connection-closed',
  summary: 'an operator closes a connection to RabbitMQ by force',
  strikes: 30,
  bound: 'neighbour',
  async strike(context: FaultContext, random: Random) {
    const broker = controlBroker(context);
    interface Connection {
      readonly name: string;
      readonly user_provided_name?: string;
    }
    let ours: Connection[] = [];
    await context.until(
      'connections of ours in the management API, whose counts lag',
      async () => {
        const all = await broker.api<Connection[]>('GET', `/vhosts/${broker.vhost}/connections`);
        ours = all.filter((one) => one.user_provided_name?.startsWith('sluice '));
        return ours.length > 0;
      },
      30_000,
    );
    const victim = random.pick(ours);
    await broker
      .api('DELETE', `/connections/${encodeURIComponent(victim.name)}`)
      // It may have ended since it was listed.
      .catch((error: Error) => (error.message.includes(' 404 ') ? undefined : Promise.reject(error)));
    return {
      did: `a connection of a ${victim.user_provided_name} closed by force`,
    };
  },
};

/** What can become of RabbitMQ while it runs. */
export function brokerFaults(proxied: ProxiedRoles): Fault[] {
  return [
    alarm('broker-memory-alarm', 'RabbitMQ runs out of memory and blocks publishers, for 15 s', {
      alarm: 'mem_alarm',
      raise: ['set_vm_memory_high_watermark', '0.00001'],
      lower: ['set_vm_memory_high_watermark', 'absolute', '2147483648'],
    }),
    alarm('broker-disk-alarm', 'RabbitMQ runs out of disk and blocks publishers, for 15 s', {
      alarm: 'disk_free_alarm',
      raise: ['set_disk_free_limit', '1000000GB'],
      lower: ['set_disk_free_limit', '50MB'],
    }),
    queueFull,
    queueDeleted,
    channelClosed(proxied),
    connectionClosed,
  ];
}
