import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { runLoad } from '../bench/load/load-process.ts';
import { committedOrders, untilCommitted } from '../bench/sale-progress.ts';
import { openLoadSale } from '../instance/load-sale.ts';
import { type OwnInstance, ownEnvironment, startOwnInstance } from '../instance/own-instance.ts';
import { mustRunSluice, type SluiceCommand } from '../instance/sluice-command.ts';
import { LOAD_SKU, PLENTY, WARMUP_SKU } from '../settings.ts';
import { usageOf } from '../watch/process-usage.ts';

/** An instance with one sale, which stands still unless it is told to drain. */
export interface Contestant {
  /** Takes orders for so long, as fast as they are answered; resolves with orders accepted per second. */
  accept(seconds: number): Promise<number>;
  /** Drains at a lifted cap, for so long or until nothing waits; resolves with orders committed per second. */
  drain(seconds: number): Promise<number>;
  /** Drains all that waits. @throws where an accepted order is not committed in the end */
  drainAll(): Promise<void>;
  /** Orders accepted and not committed. */
  waiting(): Promise<number>;
  /** Has the ledger hold so many settled orders of the sale. */
  grow(orders: number): Promise<void>;
  /** MiB that gateway and drainer hold resident. */
  memory(): Promise<Readonly<Record<'gateway' | 'drainer', number>>>;
  stop(): Promise<void>;
}

const connections = 128;
const warmupMs = 1_000;
const liftedCap = 1_000_000;
const pollMs = 20;

/** @param options.logFile what the instance says goes there */
export async function startContestant(options: {
  cli: string;
  logFile: string;
  signal: AbortSignal;
}): Promise<Contestant> {
  const { cli, signal } = options;
  const env = ownEnvironment(process.env);
  const own = await startOwnInstance({ ...options, env, gateways: 1, drainers: 1 });
  const ledger = new pg.Pool({ connectionString: own.runFile.databaseUrl, max: 1 });
  const command = { cli, folder: own.folder, env };
  const stop = async () => {
    await ledger.end();
    await own.stop();
  };
  try {
    return { ...(await withSale({ own, ledger, command, signal })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function withSale(parts: {
  own: OwnInstance;
  ledger: pg.Pool;
  command: SluiceCommand;
  signal: AbortSignal;
}): Promise<Omit<Contestant, 'stop'>> {
  const { own, ledger, command, signal } = parts;
  const saleId = 'growth';
  let accepted = 0;
  const committed = () => committedOrders(ledger, saleId, LOAD_SKU);
  await openLoadSale(command, { saleId, stock: PLENTY });
  await mustRunSluice(command, ['pause']);
  await mustRunSluice(command, ['cap', String(liftedCap)]);

  return {
    async accept(seconds) {
      const url = `${own.runFile.gatewayUrl}/sales/${saleId}/orders`;
      const load = { url, sku: LOAD_SKU, connections, warmupMs, windowMs: seconds * 1_000 };
      const { answers, sent, windowAnswers, windowMs } = await runLoad(load, () => {}, signal);
      if (answers[202] !== sent) throw new Error(`of ${sent} orders ${answers[202] ?? 0} were accepted`);
      accepted += sent;
      return ((windowAnswers[202] ?? 0) / windowMs) * 1_000;
    },

    async drain(seconds) {
      const before = await committed();
      await mustRunSluice(command, ['resume']);
      // What it takes to resume is no part of the rate.
      await untilCommitted(committed, before + 1, signal);
      const [from, startedAtMs] = [await committed(), Date.now()];
      let now = from;
      while (now < accepted && Date.now() - startedAtMs < seconds * 1_000) {
        await delay(pollMs, undefined, { signal });
        now = await committed();
      }
      const rate = ((now - from) / (Date.now() - startedAtMs)) * 1_000;
      await mustRunSluice(command, ['pause']);
      return rate;
    },

    async drainAll() {
      await mustRunSluice(command, ['resume']);
      await untilCommitted(committed, accepted, signal);
      if ((await committed()) !== accepted)
        throw new Error(`${await committed()} orders are committed, ${accepted} accepted`);
    },

    waiting: async () => accepted - (await committed()),

    async grow(orders) {
      // Of the SKU that no load buys: what is left of the other says how many are committed.
      const sql = await readFile(new URL('settle-past.sql', import.meta.url), 'utf8');
      await ledger.query(sql, [saleId, WARMUP_SKU, orders]);
      await ledger.query('VACUUM ANALYZE orders');
    },

    async memory() {
      const of = async (role: string) => {
        const { pid } = own.runFile.processes.find((one) => one.role === role)!;
        return Math.round(((await usageOf(pid))?.rssBytes ?? Number.NaN) / 2 ** 20);
      };
      return { gateway: await of('gateway'), drainer: await of('drainer') };
    },
  };
}
