import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { startMailServer } from '../../loadtest/follow-ons/mail-server.ts';
import { announce, settledOrders } from '../../src/events/follower.testing.ts';
import { type RoleProcess, startRoleProcess } from '../e2e/support/role-process.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/wait.ts';

/** How often each follower is killed; `npm run test:follower-strikes` does it 50 times. */
const strikes = Number(process.env.FOLLOWER_STRIKES ?? 2);
const effectsPerStrike = 30;
/** More than are handled before the last strike, so that each falls into the middle of the work. */
const orders = strikes * 150;
const thinkMs = 5;

let rig: Rig;
const cleanUp: (() => unknown)[] = [];

beforeAll(async () => {
  rig = await createRig(common);
});
afterAll(() => rig?.close());
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** A system outside, and the event IDs of what it has taken. */
interface Outside {
  readonly follower: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly taken: () => readonly string[];
  /** Effects that may be under way at once, and so happen again after a kill. */
  readonly atOnce: number;
}

/** @param onTaken called after each effect */
type StartOutside = (onTaken: () => void) => Promise<Outside>;

const mail: StartOutside = async (onTaken) => {
  const server = await startMailServer({ thinkMs, onMail: onTaken });
  cleanUp.push(() => server.kill());
  return {
    follower: 'mail',
    settings: {
      SMTP_URL: server.url,
      MAIL_TO: '{{customerId}}@customers.example',
      MAIL_CONNECTIONS: '10',
    },
    taken: () => server.mails.map(({ eventId }) => eventId),
    atOnce: 10,
  };
};

const webhook: StartOutside = async (onTaken) => {
  const taken: string[] = [];
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      setTimeout(() => {
        taken.push(String(request.headers['webhook-id']));
        response.writeHead(204).end();
        onTaken();
      }, thinkMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  return {
    follower: 'webhook-shop',
    settings: { WEBHOOK_TARGETS: `shop=http://127.0.0.1:${port}/#${secret}`, WEBHOOK_CONCURRENCY: '10' },
    taken: () => taken,
    atOnce: 10,
  };
};

/** Of the rig, and of the followers, which are processes of their own. */
const common = { FOLLOWER_RETRY_MS: '200', FOLLOWER_MAX_ORDERS_PER_SECOND: '100000' };

async function start({ follower, settings }: Outside): Promise<RoleProcess> {
  const one = await startRoleProcess(['follower', follower], {
    cwd: mkdtempSync(join(inject('servicesDir'), 'follower-')),
    env: { ...rig.stack.settings, ...common, ...settings },
  });
  cleanUp.push(() => one.kill());
  return one;
}

it.each([
  ['mails', mail],
  ['posts', webhook],
])(
  'a follower killed under load %s each order, and again no more than was under way',
  {
    timeout: 120_000 + strikes * 5_000,
  },
  async (_, startOutside) => {
    let onTaken = () => {};
    const outside = await startOutside(() => onTaken());
    const { follower, taken, atOnce } = outside;
    const settled = settledOrders(orders);
    let running = await start(outside);
    await announce(rig, settled, 50);
    for (let strike = 1; strike <= strikes; strike++) {
      const from = taken().length;
      onTaken = () => {
        if (taken().length >= from + effectsPerStrike) void running.kill();
      };
      await running.exited;
      onTaken = () => {};
      running = await start(outside);
    }
    const counts = () => {
      const times = new Map<string, number>(settled.map(({ order }) => [idOf(order), 0]));
      for (const id of taken()) times.set(id, times.get(id)! + 1);
      return [...times.values()];
    };
    await until(() => counts().every((times) => times >= 1), {
      deadlineMs: 60_000 + orders * 20,
      what: 'an effect for each order',
    });
    const again = counts().reduce((sum, times) => sum + times - 1, 0);
    console.log(`${follower}: ${strikes} kills, ${orders} orders, ${again} effects a second time`);
    // Those that were under way, or done and not yet remembered, at each death: of one call, or one after another.
    expect(again).toBeLessThanOrEqual(strikes * atOnce);
    const remembered = async () => {
      const { rows } = await rig.db.query<{ n: number }>(
        'SELECT count(*)::int AS n FROM follower_events WHERE follower = $1 AND event_id LIKE $2',
        [follower, `${settled[0]!.order.saleId}/%`],
      );
      return rows[0]!.n === orders;
    };
    await until(remembered, { deadlineMs: 30_000, what: 'every effect to be remembered' });
  },
);

function idOf({ saleId, transactionId }: { saleId: string; transactionId: string }): string {
  return `${saleId}/${transactionId}/confirmed`;
}
