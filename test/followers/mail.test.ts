import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type MailServer, startMailServer } from '../../loadtest/follow-ons/mail-server.ts';
import { announce, settledOrders } from '../../src/events/follower.testing.ts';
import { crowd } from '../support/http.ts';
import { createRig, newOrder, type Rig } from '../support/rig.ts';
import { until } from '../support/wait.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Mail as customers get it: through the follower, from orders to a real SMTP server. */
let rig: Rig;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  rig = await createRig({ FOLLOWER_RETRY_MS: '200', FOLLOWER_MAX_ORDERS_PER_SECOND: '100000' });
});
afterAll(() => rig?.close());
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const settings = (server: MailServer) => ({
  SMTP_URL: server.url,
  MAIL_TO: '{{customerId}}@customers.example',
  MAIL_CONNECTIONS: '10',
});

async function mailServer(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const server = await startMailServer(options);
  cleanUp.push(() => server.kill());
  return server;
}

/** How often each order of these has had a mail. */
function mailsOf(server: MailServer, transactionIds: readonly string[]): number[] {
  const counts = new Map(transactionIds.map((id) => [id, 0]));
  for (const { eventId } of server.mails) {
    const id = eventId.split('/')[1]!;
    if (counts.has(id)) counts.set(id, counts.get(id)! + 1);
  }
  return [...counts.values()];
}

it('a dead mail server slows no order, and when it is back each gets one mail', async () => {
  const server = await mailServer({ thinkMs: 5 });
  const [gateway, drainer] = [await rig.gateway(), await rig.drainer()];
  const follower = await rig.follower('mail', settings(server));
  cleanUp.push(() => Promise.all([gateway.stop(), drainer.stop(), follower.stop()]));
  const saleId = await rig.sale([{ sku: 'ball', stock: 1_000 }]);

  const before = Array.from({ length: 100 }, () => newOrder({ sku: 'ball' }));
  await crowd(gateway.url, saleId, before);
  await until(() => server.mails.length >= 20, { deadlineMs: 30_000, what: 'the first mails' });
  await server.kill();
  const during = Array.from({ length: 100 }, () => newOrder({ sku: 'ball' }));
  await crowd(gateway.url, saleId, during);
  await until(async () => (await rig.counts(saleId)).confirmed === 200, {
    deadlineMs: 30_000,
    what: 'all orders to be confirmed without a mail server',
  });
  await server.restart();

  const ids = [...before, ...during].map(({ transactionId }) => transactionId);
  await until(() => mailsOf(server, ids).every((mails) => mails >= 1), {
    deadlineMs: 60_000,
    what: 'a mail for each order',
  });
  await until(() => rig.ready('sluice.follower.mail').then((waiting) => waiting === 0), {
    deadlineMs: 30_000,
    what: 'an empty queue',
  });
  expect(await rig.ready('sluice.follower.mail.dead')).toBe(0);
  // Those the server had taken when it died, without being able to say so.
  expect(mailsOf(server, ids).filter((mails) => mails > 1).length).toBeLessThanOrEqual(10);
});

it('one event alone is held while the mail server is dead', async () => {
  const server = await mailServer();
  await server.kill();
  const follower = await rig.follower('mail', settings(server));
  cleanUp.push(() => follower.stop());
  const ids = await announce(rig, settledOrders(1));
  await until(() => follower.metric('sluice_follower_held').then((held) => held === 1), {
    deadlineMs: 30_000,
    what: 'the follower to hold its event',
  });
  await server.restart();
  await until(() => mailsOf(server, ids)[0] === 1, { deadlineMs: 60_000, what: 'its mail' });
});

it('a mail that can never be sent is a dead letter with its reason, and the others go', async () => {
  const server = await mailServer({
    refuse: (to) => (to.startsWith('gone') ? { code: 550, text: 'no such user' } : undefined),
  });
  const follower = await rig.follower('mail', settings(server));
  cleanUp.push(() => follower.stop());
  const [bad, ...good] = settledOrders(5);
  await announce(rig, [{ ...bad!, order: { ...bad!.order, customerId: 'gone' } }, ...good]);
  await until(
    () =>
      mailsOf(
        server,
        good.map(({ order }) => order.transactionId),
      ).every((n) => n === 1),
    {
      deadlineMs: 30_000,
      what: 'the other mails',
    },
  );
  await until(() => rig.ready('sluice.follower.mail.dead').then((letters) => letters === 1), {
    deadlineMs: 30_000,
    what: 'the dead letter',
  });
});
