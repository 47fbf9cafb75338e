import type { statusOf } from '../ops/cluster-status.ts';
import type { ListedSetting } from '../platform/config/describe.ts';
import type { RunFile } from './run-file.ts';

/** The table that `sluice up` ends its start with. */
export function printUrls(run: RunFile): void {
  const rows = [
    ['orders', `${run.gatewayUrl}/sales/demo/orders`],
    ['API', `${run.gatewayUrl}/docs`],
    ['ops', run.opsUrl],
    ['metrics', `${run.opsUrl}/metrics`],
    ['RabbitMQ', run.amqpManagementUrl],
    ...(run.prometheusUrl ? [['Prometheus', run.prometheusUrl]] : []),
    ['PostgreSQL', run.databaseUrl],
    ['Redis', run.redisUrl],
  ];
  const width = Math.max(...rows.map(([name]) => name!.length));
  console.log('');
  for (const [name, url] of rows) console.log(`  ${name!.padEnd(width)}  ${withoutPassword(url!)}`);
  console.log('\nready; Ctrl-C stops everything');
}

/** The settings, a line each. */
export function printSettings(listed: readonly ListedSetting[]): void {
  const width = Math.max(...listed.map(({ name }) => name.length));
  const valueWidth = Math.min(40, Math.max(...listed.map(({ value }) => value?.length ?? 0)));
  for (const { name, value, source } of listed) {
    console.log(`${name.padEnd(width)}  ${(value ?? '-').padEnd(valueWidth)}  ${source}`);
  }
}

/** A cluster's state for people. */
export function printStatus(status: ReturnType<typeof statusOf>): void {
  const { cap, waiting, queue } = status;
  console.log(
    `cap       ${cap ? `${cap.ordersPerSecond} orders/s (${cap.paused ? 'paused' : cap.reason})` : 'unknown'}`,
  );
  console.log(`waiting   ${waiting ?? 'unknown'} orders, oldest ${status.oldestAgeSeconds ?? '?'} s`);
  console.log(`drained   in ${status.drainSeconds === null ? '?' : Math.ceil(status.drainSeconds)} s`);
  console.log(
    `queue     ${queue ? `${queue.ready} ready, ${queue.unacknowledged} unacknowledged, ${queue.deadLetters} dead letters` : 'unknown'}`,
  );
  for (const sale of status.sales) {
    console.log(`sale      ${sale.saleId} (closes ${sale.closesAt})`);
    for (const item of sale.items) {
      console.log(
        `  ${item.sku}: ${item.stockLeft} of ${item.stock} left, ${item.toClaim ?? '?'} to claim, ${item.claimed ?? '?'} claimed`,
      );
    }
  }
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password) url.password = '***';
  return url.href;
}
