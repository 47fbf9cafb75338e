import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createStack, type Stack } from '../../test/support/stack.ts';
import { createValve, type Valve } from '../../test/support/valve.ts';
import { systemClock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import { type BrokerSession, closeChannel, createBrokerConnection } from './connection.ts';
import { until } from './private-broker.testing.ts';
import { testLogger } from './test-orders.testing.ts';

let stack: Stack;
let valve: Valve;
let connection: Lifecycle | undefined;

beforeAll(async () => {
  stack = await createStack();
  valve = await createValve(stack.amqpUrl);
});
afterEach(async () => {
  valve.mend();
  await connection?.stop(2_000);
  connection = undefined;
});
afterAll(async () => {
  await valve.close();
  await stack.close();
});

/** A connection through the valve, whose sessions are opened like this. */
function connected(open: (session: BrokerSession) => Promise<void>): { opened: number[]; lost: number[] } {
  const opened: number[] = [];
  const lost: number[] = [];
  connection = createBrokerConnection({
    amqpUrl: valve.url,
    connectionName: 'sluice test',
    logger: testLogger,
    clock: systemClock,
    async open(session) {
      await open(session);
      opened.push(session.number);
    },
    lost: ({ number }) => lost.push(number),
  });
  void connection.start();
  return { opened, lost };
}

it('a connection that is lost while a channel of it is being closed comes back', async () => {
  let closing = false;
  const { opened, lost } = connected(async ({ model, number }) => {
    const channel = await model.createChannel();
    if (number === 1) valve.hold();
    const closed = closeChannel(channel);
    closing = true;
    await closed;
  });
  await until('the channel to be closing', () => closing);
  valve.cut();
  valve.mend();
  await until('a further session', () => opened.length > 0);
  expect(opened[0]).toBeGreaterThan(1);
  expect(lost[0]).toBe(1);
});

it('whatever does not end while a connection is opened, its loss ends the waiting', async () => {
  let opening = false;
  const { opened, lost } = connected(({ number }) => {
    opening = true;
    return number === 1 ? new Promise(() => undefined) : Promise.resolve();
  });
  await until('the first session', () => opening);
  valve.cut();
  valve.mend();
  await until('a further session', () => opened.length > 0);
  expect(opened[0]).toBeGreaterThan(1);
  expect(lost[0]).toBe(1);
});
