import type { Paint } from '../terminal.ts';
import type { Status } from './look-out.ts';
import { bar, sparkline } from './sparkline.ts';
import { count, orders, rate, seconds, unknown } from './words.ts';

const labelWidth = 14;
const textWidth = 24;
const barWidth = 10;
const longestTrend = 60;
const dependencyTitles: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  rabbitmq: 'RabbitMQ',
  redis: 'Redis',
};

/**
 * A cluster's state as a table for people: the newest of `history`, with the course of the rates before it where
 * there is one.
 *
 * @param columns the terminal's width: trends take what the text leaves
 */
export function formatStatus(history: readonly Status[], paint: Paint, columns = 80): string[] {
  const status = history.at(-1)!;
  const row = (label: string, text: string) => `${paint('dim', label.padEnd(labelWidth))}${text}`;
  const trend = (value: (status: Status) => number | null | undefined, text: string) => {
    const width = Math.min(longestTrend, columns - labelWidth - textWidth - 2);
    if (history.length < 2 || width < 8) return text;
    return `${text.padEnd(textWidth)}  ${sparkline(history.slice(-width).map((look) => value(look) ?? null))}`;
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
      trend((look) => look.orders?.accepted, rate(status.orders?.accepted)),
    ),
    row(
      'drained',
      trend((look) => look.drained?.perSecond, `${rate(status.drained?.perSecond)}${shareOfCap(status)}`),
    ),
    row(
      'sold out',
      trend((look) => look.orders?.soldOut, rate(status.orders?.soldOut)),
    ),
    row(
      'refused',
      trend((look) => look.orders?.refused, rate(status.orders?.refused)),
    ),
    row('answered', answeredText(status)),
    row('queue', queueText(status)),
    row('dead letters', deadLetterText(status, paint)),
    row('dependencies', dependencyText(status, paint)),
    row('roles', roleText(status, paint)),
    ...status.sales.flatMap((sale) => saleLines(sale, status.at, paint)),
  ];
}

function capText({ cap }: Status, paint: Paint): string {
  if (!cap) return unknown;
  const perSecond = `${count(cap.ordersPerSecond)} orders/s`;
  if (cap.paused) return paint('yellow', `paused (${perSecond} when resumed)`);
  const text = `${perSecond} (${cap.reason})`;
  return cap.reason === 'configured' ? text : paint('yellow', text);
}

function drainText({ cap, waiting, drainSeconds }: Status): string {
  if (cap?.paused && (waiting ?? 0) > 0) return 'never, while draining is paused';
  return drainSeconds === null ? unknown : `${count(Math.ceil(drainSeconds))} s`;
}

function shareOfCap({ cap, drained }: Status): string {
  if (!cap || cap.paused || !drained) return '';
  return `, ${Math.round((drained.perSecond / cap.ordersPerSecond) * 100)} % of the cap`;
}

function answeredText({ intakeSeconds }: Status): string {
  if (!intakeSeconds) return unknown;
  const { p50, p99 } = intakeSeconds;
  if (p50 === null || p99 === null) return 'nothing in the last second';
  const ms = (value: number) => `${(value * 1_000).toFixed(1)} ms`;
  return `half within ${ms(p50)}, 99 of 100 within ${ms(p99)}`;
}

function queueText({ queue }: Status): string {
  if (!queue) return unknown;
  return `${count(queue.ready)} envelopes ready, ${count(queue.unacknowledged)} unacknowledged (as RabbitMQ last counted)`;
}

function deadLetterText({ queue }: Status, paint: Paint): string {
  if (!queue) return unknown;
  if (queue.deadLetters === 0) return '0';
  return paint('red', `${count(queue.deadLetters)}: see \`sluice dead-letters list\``);
}

/** A dependency that this command does not use itself is as the processes see it. */
function dependencyText({ dependencies }: Status, paint: Paint): string {
  return dependencies
    .map(({ name, up, awayFrom, blocked }) => {
      const title = dependencyTitles[name] ?? name;
      if (up === false) return paint('red', `${title} AWAY`);
      if (awayFrom.length > 0) return paint('red', `${title} away from ${awayFrom.join(' and ')}`);
      return blocked ? paint('red', `${title} BLOCKED`) : `${title} up`;
    })
    .join(', ');
}

function roleText({ processes }: Status, paint: Paint): string {
  if (processes === null) return unknown;
  if (processes.length === 0) return paint('red', 'none has spoken lately');
  const names = [...new Set(processes.map(({ role }) => role))].sort();
  return names
    .map((name) => {
      const those = processes.filter(({ role }) => role === name);
      const silent = those.filter(({ isSilent }) => isSilent).length;
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
      const inRedis = `${toClaim === null ? unknown : count(toClaim)} to claim, ${claimed === null ? unknown : count(claimed)} claimed`;
      return `  ${sku.padEnd(width)}  ${bar(stock === 0 ? 0 : stockLeft / stock, barWidth)}  ${left}; ${inRedis}`;
    }),
  ];
}
