import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createBridge } from '../../src/events/followers/bridge.ts';
import { encodeEvents, eventOf, eventType } from '../../src/order/events.ts';
import type { LedgerOrder } from '../../src/order/ports/ledger.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPublisher, type Publisher } from '../../src/queue/publisher.ts';
import { declareTopology } from '../../src/queue/topology.ts';
import { createServices, type Services, type ServiceUrls } from '../../src/services/services.ts';
import { projectFolder } from '../support/build.ts';
import { until } from '../support/wait.ts';

vi.setConfig({ testTimeout: 60_000 });

/** A RabbitMQ as `sluice up` starts it while the bridge is on, and the subscribers of docs/subscribe.md. */
let folder: string;
let services: Services;
let urls: ServiceUrls;
let publisher: Publisher;
const logger = createLogger('test', 'silent');
const running: ReturnType<typeof spawn>[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-subscribe-'));
  services = createServices({
    dataDir: join(folder, 'data'),
    log: () => undefined,
    which: ['rabbitmq'],
    brokerProtocols: true,
  });
  urls = await services.start();
  publisher = createPublisher({
    amqpUrl: urls.amqpUrl,
    confirmTimeoutMs: 20_000,
    maxUnconfirmed: 100,
    breakerOpenMs: 500,
    logger,
    clock: systemClock,
  });
  await publisher.start();
  await declareTopology({ ...urls, queueMaxBytes: 1_000_000, bridge: true, logger });
  symlinkSync(join(projectFolder, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(async () => {
  await Promise.all(
    running.splice(0).map((child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      return ended;
    }),
  );
});
afterAll(async () => {
  await publisher?.stop(1_000);
  await services?.stop(0);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs an example of the documentation in a process of its own; resolves with its lines once it has subscribed. */
async function example(name: string, url: string): Promise<string[]> {
  const page = readFileSync(join(projectFolder, 'docs/subscribe.md'), 'utf8');
  const code = page.split('```js\n').find((block) => block.startsWith(`// ${name}\n`))!;
  const file = join(folder, name);
  writeFileSync(file, code.slice(0, code.indexOf('```')));
  const child = spawn(process.execPath, [file, url], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const lines: string[] = [];
  for (const stream of [child.stdout!, child.stderr!])
    createInterface(stream).on('line', (line) => lines.push(line));
  await until(() => lines.includes('subscribed'), {
    deadlineMs: 30_000,
    what: `${name} to subscribe: ${lines.join('\n')}`,
  }).catch((error) => {
    throw new Error(`${name} said:\n${lines.join('\n')}`, { cause: error });
  });
  return lines;
}

let orders = 0;
function settled(): LedgerOrder[] {
  return (['confirmed', 'rejected'] as const).map((status) => ({
    order: {
      saleId: 'summer.1',
      transactionId: `transaction-${++orders}`,
      sku: 'ball',
      quantity: orders,
      customerId: 'zoe',
      sequence: orders,
      claimedAtMs: Date.now(),
    },
    status,
    ...(status === 'rejected' ? { reason: 'sold-out' as const } : {}),
    settledAtMs: Date.now(),
  }));
}

/** What an example prints for such events. */
const linesFor = (some: readonly LedgerOrder[]) =>
  some.map(
    ({ order, status }) =>
      `sluice.order.${status} summer.1/${order.transactionId}/${status} ${order.quantity} ball`,
  );

function manage(method: string, path: string, body?: object): Promise<Response> {
  const { origin } = new URL(urls.amqpManagementUrl);
  return fetch(`${origin}/api${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function bridge(some: readonly LedgerOrder[]): Promise<void> {
  const { effect } = createBridge((key, event) =>
    publisher.send({
      exchange: 'amq.topic',
      key,
      content: Buffer.from(JSON.stringify(event)),
      contentType: eventType,
    }),
  );
  if (effect.within === 'ledger') throw new Error('it writes to the ledger');
  const context = { logger, signal: new AbortController().signal };
  expect(
    await effect.apply(
      some.map((one) => eventOf(one)),
      context,
    ),
  ).toEqual(some.map(() => 'done'));
}

it('a subscriber in another process gets batches over AMQP 0-9-1, also those of its absence', async () => {
  const lines = await example('amqp.mjs', urls.amqpUrl);
  const some = settled();
  for (const message of encodeEvents(some)) await publisher.publishEvents(message);
  await until(() => lines.length > 2, { deadlineMs: 30_000, what: 'both events' });
  expect(lines.slice(1).sort()).toEqual(linesFor(some).sort());

  const child = running.splice(0)[0]!;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
  const missed = settled();
  for (const message of encodeEvents(missed)) await publisher.publishEvents(message);
  const again = await example('amqp.mjs', urls.amqpUrl);
  await until(() => linesFor(missed).every((line) => again.includes(line)), {
    deadlineMs: 30_000,
    what: 'the events of its absence',
  });
});

describe('over the bridge', () => {
  it.each([
    ['MQTT', 'mqtt.mjs', 'mqttUrl'],
    ['STOMP', 'stomp.mjs', 'stompUrl'],
    ['STOMP over WebSocket', 'web-stomp.mjs', 'webStompUrl'],
  ] as const)('a subscriber in another process gets single events over %s', async (_what, file, url) => {
    const lines = await example(file, urls.subscribeUrls![url]);
    const some = settled();
    await bridge(some);
    await until(() => lines.length > 2, { deadlineMs: 30_000, what: 'both events' });
    expect(lines.slice(1).sort()).toEqual(linesFor(some).sort());
  });

  it('a user with the permissions of the documentation can subscribe, and nothing more', async () => {
    const page = readFileSync(join(projectFolder, 'docs/subscribe.md'), 'utf8');
    const [, permissions] = /set_permissions subscriber \\\n([^`]*)```/.exec(page)!;
    const [configure, write, read] = [...permissions!.matchAll(/'([^']*)'/g)].map(([, one]) =>
      // There the bridge has an exchange of its own.
      one!.replace('sluice\\.bridge', 'amq\\.topic'),
    );
    await manage('PUT', '/users/subscriber', { password: 'secret', tags: '' });
    await manage('PUT', '/permissions/%2F/subscriber', { configure, write, read });
    const as = (url: string) =>
      Object.assign(new URL(url), { username: 'subscriber', password: 'secret' }).href;
    const { mqttUrl, stompUrl, webStompUrl } = urls.subscribeUrls!;
    const all = await Promise.all([
      example('mqtt.mjs', as(mqttUrl)),
      example('stomp.mjs', as(stompUrl)),
      example('web-stomp.mjs', as(webStompUrl)),
    ]);
    const some = settled();
    await bridge(some);
    for (const lines of all) {
      await until(() => linesFor(some).every((line) => lines.includes(line)), {
        deadlineMs: 30_000,
        what: 'the events',
      });
    }
    const model = await connect(as(urls.amqpUrl));
    model.on('error', () => undefined);
    const channel = await model.createConfirmChannel();
    channel.on('error', () => undefined);
    const forged = new Promise((resolve, reject) => {
      channel.on('error', reject);
      channel.publish(
        'amq.topic',
        'order.confirmed',
        Buffer.from('{}'),
        {},
        (error) => error && reject(error),
      );
      void channel.waitForConfirms().then(resolve, reject);
    });
    await expect(forged).rejects.toThrow();
    await model.close().catch(() => undefined);
  });

  it('a subscriber’s queue has a limit', async () => {
    await example('mqtt.mjs', urls.subscribeUrls!.mqttUrl);
    const queues = (await (await manage('GET', '/queues/%2F')).json()) as { name: string; policy: string }[];
    const mine = queues.filter(({ name }) => name.startsWith('mqtt-subscription-'));
    expect(mine.length).toBeGreaterThan(0);
    await until(
      async () => {
        const now = (await (await manage('GET', '/queues/%2F')).json()) as typeof queues;
        return now
          .filter(({ name }) => name.startsWith('mqtt-subscription-'))
          .every(({ policy }) => policy === 'sluice-subscribers');
      },
      { deadlineMs: 30_000, what: 'the limit of each subscriber’s queue' },
    );
  });

  it('an MQTT client with a session gets what happened in its absence, with QoS 1', async () => {
    await example('mqtt.mjs', urls.subscribeUrls!.mqttUrl);
    const child = running.splice(0)[0]!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await ended;
    const missed = settled();
    await bridge(missed);
    const again = await example('mqtt.mjs', urls.subscribeUrls!.mqttUrl);
    await until(() => linesFor(missed).every((line) => again.includes(line)), {
      deadlineMs: 30_000,
      what: 'the events of its absence',
    });
  });
});
