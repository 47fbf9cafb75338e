import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { driveOpenLoop } from '../driver/open-loop.ts';
import { createOrderLog } from '../driver/order-log.ts';
import { mustRunSluice, type SluiceCommand } from '../instance/sluice-command.ts';
import { hold, ramp } from '../profile/rate-profile.ts';
import type { Span } from './prometheus.ts';

const earlySeconds = 8;
const crowdSeconds = 24;
const lateSeconds = 12;
/** Shares of the offered orders: two SKUs sell out while the crowd is there, the third does not. */
const goods = [
  { sku: 'console', share: 0.55, stockShare: 0.45 },
  { sku: 'headset', share: 0.3, stockShare: 0.22 },
  { sku: 'game', share: 0.15, stockShare: 1 },
] as const;

export const saleId = 'black-friday';

export interface BusyHour {
  readonly command: SluiceCommand;
  readonly gatewayUrl: string;
  /** Orders per second of the crowd. */
  readonly rate: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * The hour of a sale in less than a minute: people come before it opens, a crowd that is twice the cap, two SKUs
 * that sell out, a cap that is raised by an operator, and a backlog that drains. Resolves with the span to show,
 * which ends while the backlog is still there.
 */
export async function runBusyHour({ command, gatewayUrl, rate, signal, say }: BusyHour): Promise<Span> {
  const cap = Math.max(1, Math.round(rate * 0.4));
  await mustRunSluice(command, ['cap', String(cap)]);
  const offered = rate * crowdSeconds;
  // Late enough that the cap set above is no change within the span.
  const startMs = Date.now() + 8_000;
  const opensAtMs = startMs + earlySeconds * 1_000;
  const file = join(command.folder, 'sale.json');
  await writeFile(
    file,
    JSON.stringify({
      saleId,
      opensAt: new Date(opensAtMs).toISOString(),
      closesAt: new Date(opensAtMs + 3_600_000).toISOString(),
      items: goods.map(({ sku, share, stockShare }) => ({
        sku,
        name: sku,
        priceMinor: 4_900,
        stock: Math.round(offered * share * (stockShare === 1 ? 2 : stockShare / share)),
      })),
    }),
  );
  await mustRunSluice(command, ['sale', 'apply', file]);
  await sleep(Math.max(0, startMs - Date.now()), undefined, { signal });
  say(`${saleId}: opens in ${earlySeconds} s, then ${rate} orders/s against a cap of ${cap}/s`);
  const log = createOrderLog(join(command.folder, 'orders.ndjson'));
  const drive = driveOpenLoop({
    targets: [new URL(gatewayUrl)],
    saleId,
    runPrefix: `r${randomBytes(4).toString('hex')}`,
    warmup: hold(rate / 40, earlySeconds),
    profile: {
      segments: [...hold(rate, crowdSeconds).segments, ...ramp(rate / 3, rate / 20, lateSeconds).segments],
    },
    wish: (index) => ({ sku: skuOf(index), quantity: 1, customerId: `customer-${index}` }),
    copies: 1,
    log,
    signal,
  });
  const raiseAfterMs = (earlySeconds + crowdSeconds * 0.7) * 1_000;
  await sleep(raiseAfterMs, undefined, { signal });
  await mustRunSluice(command, ['cap', String(Math.round(cap * 1.25))]);
  const { done } = drive;
  await done;
  await log.close();
  // Prometheus scrapes once a second.
  await sleep(1_500, undefined, { signal });
  return { startMs: wholeSecond(startMs - 3_000), endMs: wholeSecond(Date.now() - 500), stepSeconds: 1 };
}

/** Which SKU the n-th shopper wants, in a fixed mixture. */
function skuOf(index: number): string {
  const place = ((index * 61) % 100) / 100;
  let upTo = 0;
  for (const { sku, share } of goods) {
    upTo += share;
    if (place < upTo) return sku;
  }
  return goods[0].sku;
}

const wholeSecond = (ms: number) => Math.floor(ms / 1_000) * 1_000;
