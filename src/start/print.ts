import type { ListedSetting } from '../platform/config/describe.ts';
import type { RunFile } from './run-file.ts';

/** The table that `sluice up` ends its start with. */
export function printUrls(run: RunFile): void {
  const rows = [
    ['shop', `${run.gatewayUrl}/`],
    ['orders', `${run.gatewayUrl}/sales/demo/orders`],
    ['API', `${run.gatewayUrl}/docs`],
    ['ops', run.opsUrl],
    ['metrics', `${run.opsUrl}/metrics`],
    ['RabbitMQ', run.amqpManagementUrl],
    ...(run.subscribeUrls
      ? [
          ['MQTT', run.subscribeUrls.mqttUrl],
          ['STOMP', run.subscribeUrls.stompUrl],
          ['WebSocket', run.subscribeUrls.webStompUrl],
        ]
      : []),
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

function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password) url.password = '***';
  return url.href;
}
