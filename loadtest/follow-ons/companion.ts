import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Companion, CompanionRun, FollowOnFacts } from '../companion.ts';
import { startMailServer } from './mail-server.ts';

export interface FollowOnsOptions {
  /** How long the mail server thinks about each mail. */
  readonly mailMs: number;
  /** Mails on their way at once. */
  readonly mailConnections: number;
  /** From the start of the run to the mail server's death. */
  readonly outageAfterSeconds: number;
  /** How long it stays dead; 0: it never dies. */
  readonly outageSeconds: number;
  /** Without a further mail or entry for so long, what is missing is taken for lost. */
  readonly patienceSeconds: number;
}

const pollMs = 1_000;

/** A real mail server in this process, all followers on, and a count of what they did. */
export async function startFollowOns(options: FollowOnsOptions): Promise<Companion> {
  const { mailMs, mailConnections, outageAfterSeconds, outageSeconds } = options;
  /** Mails taken, by the ID of their event. */
  const mails = new Map<string, number>();
  let lastMailAtMs = Date.now();
  const server = await startMailServer({
    thinkMs: mailMs,
    onMail({ eventId }) {
      mails.set(eventId, (mails.get(eventId) ?? 0) + 1);
      lastMailAtMs = Date.now();
      return false;
    },
  });
  /** IDs of the events posted to the shop's system. */
  const posted = new Set<string>();
  const shop = createServer((request, response) => {
    posted.add(String(request.headers['webhook-id']));
    request.resume().once('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;
  const startedAtMs: { during: number; killed?: number; back?: number } = { during: Date.now() };

  return {
    env: {
      SMTP_URL: server.url,
      MAIL_TO: '{{customerId}}@customers.example',
      MAIL_CONNECTIONS: String(mailConnections),
      WEBHOOK_TARGETS: `shop=${shopUrl}#whsec_${randomBytes(32).toString('base64')}`,
      EVENT_BRIDGE: 'on',
    },

    async during({ signal, say }) {
      startedAtMs.during = Date.now();
      if (outageSeconds === 0) return;
      try {
        await delay(outageAfterSeconds * 1_000, undefined, { signal });
        await server.kill();
        startedAtMs.killed = Date.now();
        say(`The mail server is dead for ${outageSeconds} s`);
        await delay(outageSeconds * 1_000, undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        if (startedAtMs.killed !== undefined) {
          await server.restart();
          startedAtMs.back = Date.now();
          say('The mail server is back');
        }
      }
    },

    async finish(run) {
      if (run.databaseUrl === undefined) throw new Error('the ledger is needed to count mails and points');
      const client = new pg.Client({ connectionString: run.databaseUrl, statement_timeout: 60_000 });
      await client.connect();
      try {
        const lastSettledAtMs = await untilDone(client, run, { mails, posted }, options.patienceSeconds);
        return {
          ...(await count(client, run.saleId, { mails, posted })),
          ...(startedAtMs.killed === undefined || startedAtMs.back === undefined
            ? {}
            : {
                outage: {
                  fromSecond: (startedAtMs.killed - startedAtMs.during) / 1_000,
                  toSecond: (startedAtMs.back - startedAtMs.during) / 1_000,
                },
              }),
          mailsDoneAfterSeconds: Math.max(0, (lastMailAtMs - lastSettledAtMs) / 1_000),
        };
      } finally {
        await client.end();
      }
    },

    async close() {
      shop.closeAllConnections();
      shop.close();
      await server.kill();
    },
  };
}

/** What was sent here, by the IDs of the events. */
interface Taken {
  readonly mails: ReadonlyMap<string, number>;
  readonly posted: ReadonlySet<string>;
}

/** Waits until every confirmed order has a mail, a post and an entry, or nothing has moved for long. */
async function untilDone(
  client: pg.Client,
  { saleId, say, signal }: CompanionRun,
  { mails, posted }: Taken,
  patienceSeconds: number,
): Promise<number> {
  const sql = await readFile(new URL('follow-on-counts.sql', import.meta.url), 'utf8');
  let moved = { at: Date.now(), sum: -1 };
  for (;;) {
    const { rows } = await client.query<{ confirmed: number; entries: number; lastSettledAt: number }>(sql, [
      saleId,
    ]);
    const { confirmed, entries, lastSettledAt } = rows[0]!;
    const sum = mails.size + entries + posted.size;
    if (sum > moved.sum) moved = { at: Date.now(), sum };
    const done = mails.size >= confirmed && entries >= confirmed && posted.size >= confirmed;
    if (done || Date.now() - moved.at > patienceSeconds * 1_000) return lastSettledAt * 1_000;
    say(`${mails.size} mails, ${entries} points entries and ${posted.size} posts of ${confirmed} orders`);
    await delay(pollMs, undefined, { signal });
  }
}

type Counts = Omit<FollowOnFacts, 'outage' | 'mailsDoneAfterSeconds'>;

/** Holds every confirmed order against its mails and its points. */
async function count(client: pg.Client, saleId: string, { mails, posted }: Taken): Promise<Counts> {
  const sql = await readFile(new URL('confirmed-orders.sql', import.meta.url), 'utf8');
  const { rows } = await client.query<{ transaction_id: string; entries: number }>(sql, [saleId]);
  const confirmed = new Set(rows.map((row) => `${saleId}/${row.transaction_id}/confirmed`));
  const { rows: totals } = await client.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM loyalty_entries WHERE sale_id = $1',
    [saleId],
  );
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    confirmedOrders: confirmed.size,
    ordersWithoutMail: [...confirmed].filter((id) => !mails.has(id)).length,
    mailsTwice: sum([...mails.values()].map((taken) => taken - 1)),
    strayMails: [...mails.keys()].filter((id) => !confirmed.has(id)).length,
    ordersNotPosted: [...confirmed].filter((id) => !posted.has(id)).length,
    ordersWithoutPoints: rows.filter(({ entries }) => entries === 0).length,
    strayPoints: totals[0]!.n - rows.filter(({ entries }) => entries > 0).length,
  };
}
