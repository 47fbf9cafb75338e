import type { RunResult } from './result.ts';
import { formatNumber } from './verdict-table.ts';

/** What the followers did with the orders, and what they cost; '' for a run without them. */
export function followOnSection({ followOns, baseline, drive }: RunResult): string {
  if (!followOns) return '';
  const { outage } = followOns;
  const rows: [string, string][] = [
    ['Confirmed orders', formatNumber(followOns.confirmedOrders)],
    ['without a mail', formatNumber(followOns.ordersWithoutMail)],
    ['Mails taken twice', formatNumber(followOns.mailsTwice)],
    ['not posted to the webhook', formatNumber(followOns.ordersNotPosted)],
    ['without points', formatNumber(followOns.ordersWithoutPoints)],
    ['Mails or points of no confirmed order', formatNumber(followOns.strayMails + followOns.strayPoints)],
    ['Last mail after the last order', `${formatNumber(Math.round(followOns.mailsDoneAfterSeconds))} s`],
    [
      'Mail server dead',
      outage ? `from second ${Math.round(outage.fromSecond)} to ${Math.round(outage.toSecond)}` : 'never',
    ],
  ];
  const table = `<table>${rows.map(([name, value]) => `<tr><th>${name}</th><td class="number">${value}</td></tr>`).join('')}</table>`;
  return `<div class="pair"><section><h2>What followed the orders</h2>${table}</section>${latencies({ baseline, drive })}</div>`;
}

function latencies({
  baseline,
  drive,
}: Pick<RunResult, 'drive'> & { baseline: RunResult['baseline'] }): string {
  if (!baseline) return '';
  const cells = (latency: typeof baseline.accepted) =>
    [latency.p50Ms, latency.p90Ms, latency.p99Ms, latency.p999Ms]
      .map((ms) => `<td class="number">${formatNumber(ms)}</td>`)
      .join('');
  return `<section><h2>Intake with and without followers</h2>
<p class="soft">Accepted orders, after the warm-up; without: the same rate for ${baseline.seconds} s on an instance of its own.</p>
<table><thead><tr><th>ms</th>${['50 %', '90 %', '99 %', '99.9 %'].map((name) => `<th class="number">${name}</th>`).join('')}</tr></thead>
<tbody><tr><th>with</th>${cells(drive.latency.accepted)}</tr><tr><th>without</th>${cells(baseline.accepted)}</tr></tbody></table></section>`;
}
