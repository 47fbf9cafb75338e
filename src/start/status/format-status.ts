import type { Paint } from '../terminal.ts';
import type { Status } from './look-out.ts';
import { bar, sparkline } from './sparkline.ts';

const labelWidth = 14;
const barWidth = 10;
const dependencyNames = { postgres: 'PostgreSQL', rabbitmq: 'RabbitMQ', redis: 'Redis' } as const;

/**
 * A cluster's state as a table for people: the newest of `history`, with the course of the rates before it where
 * there is one.
 *
 * @param columns the terminal's width: trends take what the text leaves
 */
export function formatStatus(history: readonly Status[], paint: Paint, columns = 80): string[] {
  const status = history.at(-1)!;
  const row = (label: string, text: string) => `${paint('dim', label.padEnd(labelWidth))}${text}`;
  const trend = (value: (status: Status) => number | null, text: string) => {
    const width = Math.min(60, columns - labelWidth - textWidth - 2);
    if (history.length < 2 || width < 8) return text;
    return `${text.padEnd(textWidth)}  ${sparkline(history.slice(-width).map(value))}`;
  };
  return [
    row('cap', capText(status, paint)),
    row(
      'waiting',
      trend(({ waiting }) => waiting, orders(status.waiting)),
    ),
    row('oldest', seconds(status.oldestAgeSeconds)),
    row('time to drain', drainText(status)),
    row(
      'accepted',
      trend((look) => look.acceptedPerSecond, rate(status.acceptedPerSecond)),
    ),
    row(
      'drained',
      trend((look) => look.drainedPerSecond, `${rate(status.drainedPerSecond)}${shareOfCap(status)}`),
    ),
    row(
      'sold out',
      trend((look) => look.soldOutPerSecond, rate(status.soldOutPerSecond)),
    ),
    row(
      'refused',
      trend((look) => look.refusedPerSecond, rate(status.refusedPerSecond)),
    ),
    row('queue', queueText(status)),
    row('dead letters', deadLetterText(status, paint)),
    row('dependencies', dependencyText(status, paint)),
    row('roles', roleText(status, paint)),
    ...status.sales.flatMap((sale) => saleLines(sale, status.at, paint)),
  ];
}

const textWidth = 24;

/** The same as one line, for logs. */
export function statusLine(status: Status): string {
  const { cap, queue } = status;
  const away = Object.entries(status.dependencies).filter(([, up]) => !up);
  return [
    status.at,
    `waiting=${status.waiting ?? '?'}`,
    `oldest=${status.oldestAgeSeconds === null ? '?' : `${status.oldestAgeSeconds.toFixed(1)}s`}`,
    `drain=${status.drainSeconds === null ? '?' : `${Math.ceil(status.drainSeconds)}s`}`,
    `accepted=${plainRate(status.acceptedPerSecond)}`,
    `drained=${plainRate(status.drainedPerSecond)}`,
    `cap=${cap ? `${cap.ordersPerSecond}/s` : '?'}`,
    `reason=${cap ? (cap.paused ? 'paused' : cap.reason.replaceAll(' ', '-')) : '?'}`,
    `sold-out=${plainRate(status.soldOutPerSecond)}`,
    `refused=${plainRate(status.refusedPerSecond)}`,
    `dead-letters=${queue?.deadLetters ?? '?'}`,
    ...(away.length > 0 ? [`away=${away.map(([name]) => name).join(',')}`] : []),
  ].join(' ');
}

function capText({ cap }: Status, paint: Paint): string {
  if (!cap) return unknown;
  const perSecond = `${count(cap.ordersPerSecond)} orders/s`;
  if (cap.paused) return paint('yellow', `paused (${perSecond} when resumed)`);
  return cap.reason === 'configured'
    ? `${perSecond} (configured)`
    : paint('yellow', `${perSecond} (${cap.reason})`);
}

function drainText({ cap, waiting, drainSeconds }: Status): string {
  if (cap?.paused && (waiting ?? 0) > 0) return 'never, while draining is paused';
  return drainSeconds === null ? unknown : `${count(Math.ceil(drainSeconds))} s`;
}

function shareOfCap({ cap, drainedPerSecond }: Status): string {
  if (!cap || cap.paused || drainedPerSecond === null) return '';
  return `, ${Math.round((drainedPerSecond / cap.ordersPerSecond) * 100)} % of the cap`;
}

function queueText({ queue }: Status): string {
  return queue
    ? `${count(queue.ready)} envelopes ready, ${count(queue.unacknowledged)} unacknowledged (as RabbitMQ last counted)`
    : unknown;
}

function deadLetterText({ queue }: Status, paint: Paint): string {
  if (!queue) return unknown;
  if (queue.deadLetters === 0) return '0';
  return paint('red', `${count(queue.deadLetters)}: see \`sluice dead-letters list\``);
}

function dependencyText({ dependencies }: Status, paint: Paint): string {
  return Object.entries(dependencyNames)
    .map(([name, title]) =>
      dependencies[name as keyof typeof dependencyNames] ? `${title} up` : paint('red', `${title} AWAY`),
    )
    .join(', ');
}

function roleText({ roles, gateways }: Status, paint: Paint): string {
  if (roles === null) return gateways === null ? unknown : `${gateways} gateway(s)`;
  if (roles.length === 0) return paint('red', 'none: nothing runs in this folder now');
  const names = [...new Set(roles.map(({ role }) => role))];
  return names
    .map((name) => {
      const those = roles.filter(({ role }) => role === name);
      const silent = those.filter(({ up }) => !up).length;
      const text = `${those.length} ${name}`;
      return silent === 0 ? text : paint('red', `${text} (${silent} silent)`);
    })
    .join(', ');
}

function saleLines(sale: Status['sales'][number], at: string, paint: Paint): string[] {
  const { saleId, opensAt, closesAt, items } = sale;
  const when =
    at < opensAt ? `opens ${opensAt}` : at < closesAt ? `open until ${closesAt}` : `closed ${closesAt}`;
  const width = Math.max(...items.map(({ sku }) => sku.length));
  return [
    '',
    `${paint('bold', `sale ${saleId}`)}  ${when}`,
    ...items.map(({ sku, stock, stockLeft, toClaim, claimed }) => {
      const left = `${count(stockLeft)} of ${count(stock)} left`;
      const held = `${numberOr(toClaim)} to claim, ${numberOr(claimed)} claimed`;
      return `  ${sku.padEnd(width)}  ${bar(stock === 0 ? 0 : stockLeft / stock, barWidth)}  ${left}; ${held}`;
    }),
  ];
}

const unknown = 'unknown';

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function numberOr(value: number | null): string {
  return value === null ? unknown : count(value);
}

function orders(value: number | null): string {
  return value === null ? unknown : `${count(value)} orders`;
}

function seconds(value: number | null): string {
  return value === null ? unknown : `${value.toFixed(1)} s`;
}

function rate(perSecond: number | null): string {
  return perSecond === null ? unknown : `${count(Math.round(perSecond))}/s`;
}

function plainRate(perSecond: number | null): string {
  return perSecond === null ? '?' : `${Math.round(perSecond)}/s`;
}
