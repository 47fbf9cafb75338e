import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMail } from '../../src/events/followers/mail/follower.ts';
import { createWebhookPoster } from '../../src/events/followers/webhook/post-webhook.ts';
import {
  claimedOrder,
  openTestLedger,
  putSale,
  settle,
  type TestLedger,
} from '../../src/ledger/ledger.testing.ts';
import { eventOf, type OrderEvent } from '../../src/order/events.ts';
import type { ClaimedOrder } from '../../src/order/order.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { until } from '../../test/support/wait.ts';
import type { FollowOnFacts } from '../companion.ts';
import type { DriveResult } from '../driver/recorder.ts';
import { followOns } from '../scenarios/follow-ons.ts';
import { type Facts, judge } from '../verdict/threshold.ts';
import { startFollowOns } from './companion.ts';

describe('what followers did', () => {
  let db: TestLedger;
  beforeAll(async () => {
    db = await openTestLedger(inject('services'));
  });
  afterAll(() => db?.close());

  async function confirmed(orders: readonly ClaimedOrder[]): Promise<OrderEvent[]> {
    const settled = await settle(db.ledger, orders);
    return orders.map((order, at) =>
      eventOf({ order, status: 'confirmed', settledAtMs: settled[at]!.settledAtMs }),
    );
  }

  const options = {
    mailMs: 1,
    mailConnections: 5,
    outageAfterSeconds: 0,
    outageSeconds: 0,
    patienceSeconds: 1,
  };
  const signal = new AbortController().signal;
  const say = () => undefined;

  it('is counted order by order: missing, repeated and stray mails and points', async () => {
    const companion = await startFollowOns(options);
    const { SMTP_URL, MAIL_TO } = companion.env;
    const mail = createMail({ smtpUrl: SMTP_URL!, to: MAIL_TO!, from: 'shop@example.com', connections: 5 });
    if (mail.effect.within !== 'outside') throw new Error('it writes to the ledger');
    const send = mail.effect.apply;
    try {
      const saleId = await putSale(db.ledger, [{ sku: 'load', stock: 100 }]);
      const orders = Array.from({ length: 4 }, () => claimedOrder({ saleId, sku: 'load' }));
      const events = await confirmed(orders);
      const stray = { ...events[0]!, id: `${saleId}/nobody/confirmed` };
      const context = { logger: createLogger('test', 'silent'), signal };
      await send([events[0]!, events[0]!, events[1]!, stray], context);
      for (const transactionId of [orders[0]!.transactionId, 'of-no-order']) {
        await db.client.query('INSERT INTO loyalty_entries VALUES ($1, $2, $3, 1, now())', [
          saleId,
          transactionId,
          'customer',
        ]);
      }
      const [, url, secret] = /^shop=(.*)#(.*)$/.exec(companion.env.WEBHOOK_TARGETS!)!;
      const post = createWebhookPoster({
        target: { name: 'shop', url: url!, secret: secret! },
        timeoutMs: 20_000,
      });
      expect(await post(events[0]!.id, '{}')).toEqual({ outcome: 'taken' });
      await companion.during({ signal, say });
      const facts = await companion.finish({
        saleId,
        databaseUrl: db.databaseUrl,
        drive: undefined as unknown as DriveResult,
        say,
        signal,
      });
      expect(facts).toEqual({
        confirmedOrders: 4,
        ordersWithoutMail: 2,
        mailsTwice: 1,
        strayMails: 1,
        ordersNotPosted: 3,
        ordersWithoutPoints: 3,
        strayPoints: 1,
        mailsDoneAfterSeconds: expect.any(Number),
      });
    } finally {
      await mail.stop();
      await companion.close();
    }
  });

  it('goes on after the mail server’s death, which is noted in seconds of the run', async () => {
    const companion = await startFollowOns({ ...options, outageSeconds: 1 });
    const lines: string[] = [];
    try {
      const during = companion.during({ signal, say: (line) => lines.push(line) });
      await until(() => lines.length > 0, { deadlineMs: 20_000, what: 'the death of the mail server' });
      const saleId = await putSale(db.ledger, [{ sku: 'load', stock: 1 }]);
      await during;
      expect(lines).toEqual(['The mail server is dead for 1 s', 'The mail server is back']);
      const facts = await companion.finish({
        saleId,
        databaseUrl: db.databaseUrl,
        drive: undefined as unknown as DriveResult,
        say,
        signal,
      });
      expect(facts.outage!.toSecond - facts.outage!.fromSecond).toBeGreaterThanOrEqual(0.99);
    } finally {
      await companion.close();
    }
  });
});

describe('the scenario follow-ons', () => {
  const good: FollowOnFacts = {
    confirmedOrders: 1_000,
    ordersWithoutMail: 0,
    mailsTwice: 0,
    strayMails: 0,
    ordersNotPosted: 0,
    ordersWithoutPoints: 0,
    strayPoints: 0,
    outage: { fromSecond: 1.2, toSecond: 4.1 },
    mailsDoneAfterSeconds: 3,
  };
  const latency = (p99Ms: number) => ({ count: 1, p99Ms });
  /** The names of the follower's thresholds that such a run breaks. */
  function broken(followOnFacts: Partial<FollowOnFacts>, p99Ms = 10, settledPerSecond = [0, 0, 96, 95, 0]) {
    const facts = {
      followOns: { ...good, ...followOnFacts },
      baseline: { accepted: latency(10), seconds: 30 },
      drive: { latency: { accepted: latency(p99Ms) } },
      ledger: { settledPerSecond },
      cap: 100,
    } as unknown as Facts;
    const names = /followers|mail|points|webhook/i;
    return followOns.thresholds
      .filter(({ name }) => names.test(name))
      .map((threshold) => judge(threshold, facts))
      .filter(({ passed }) => !passed)
      .map(({ name }) => name);
  }

  it('passes a run in which every order has one mail and one entry', () => {
    expect(broken({})).toEqual([]);
    expect(broken({ mailsTwice: 100 })).toEqual([]);
  });

  it.each<[Partial<FollowOnFacts>, number, string]>([
    [{ ordersWithoutMail: 1 }, 10, 'Confirmed orders without a mail'],
    [{ mailsTwice: 101 }, 10, 'Mails taken twice'],
    [{ ordersNotPosted: 1 }, 10, 'not posted to the webhook'],
    [{ ordersWithoutPoints: 1 }, 10, 'Confirmed orders without points'],
    [{ strayPoints: 1 }, 10, 'belong to no confirmed order'],
    [{ strayMails: 1 }, 10, 'belong to no confirmed order'],
    [{}, 11.1, 'Intake, 99th percentile'],
  ])('%j with a p99 of %d ms fails it', (facts, p99Ms, name) => {
    expect(broken(facts, p99Ms)).toEqual([expect.stringContaining(name)]);
  });

  it('fails where the drain was slower while the mail server was dead, seconds cut by it left out', () => {
    expect(broken({}, 10, [0, 0, 95, 94, 0])).toEqual([expect.stringContaining('mail server was dead')]);
    expect(broken({}, 10, [100, 100, 100, 100, 100])).toEqual([]);
  });

  it('forgives no mail sent twice where the server lived', () => {
    const { outage: _, ...lived } = good;
    const judged = followOns.thresholds
      .filter(({ name }) => name.startsWith('Mails taken twice'))
      .map((one) => judge(one, { followOns: { ...lived, mailsTwice: 1 } } as unknown as Facts));
    expect(judged).toMatchObject([{ passed: false, limit: 0 }]);
  });
});
