import { dashboard } from './dashboard.ts';
import { graph, stat, timeline } from './panels.ts';
import { processPanels } from './processes.ts';
import { mean, percentileStyles, percentiles, perSecond } from './queries.ts';

const cap = 'max(sluice_drain_cap_orders_per_second)';
const drained = perSecond('sluice_drained_orders_total');
const consumers = 'sum(rabbitmq_detailed_queue_consumers{queue="sluice.orders"})';

/** What the drainers take from the queue, what the database makes of it, and what has to be mended. */
export const drain = dashboard({
  uid: 'sluice-drain',
  title: 'Drain and database',
  description:
    'How orders leave the queue: the cap and how much of it is used, batches and their commits in PostgreSQL, and repairs.',
  variables: [{ name: 'drainer', label: 'Drainer', series: 'sluice_batch_orders_count', of: 'instance' }],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Cap',
          description:
            'Orders per second that all drainers together may write, with its reason; 0 while paused.',
          unit: 'reqps',
          expr: 'max by (reason) (sluice_drain_cap_orders_per_second)',
          legend: '{{reason}}',
          named: true,
          thresholds: [
            [null, 'orange'],
            [1, 'blue'],
          ],
        }),
        stat({
          title: 'Drained',
          description: 'Orders written to PostgreSQL per second, whatever their outcome.',
          unit: 'reqps',
          expr: drained,
          legend: 'drained',
        }),
        stat({
          title: 'Cap in use',
          description:
            'Drained orders as a share of the cap. Below 90 % while orders wait, something other than the cap holds the drain up.',
          unit: 'percentunit',
          decimals: 0,
          expr: `${drained} / (${cap} > 0)`,
          legend: 'cap in use',
          thresholds: [[null, 'blue']],
        }),
        stat({
          title: 'Time to drain',
          description:
            'How long the present backlog takes at the present cap; endless while draining is paused.',
          unit: 's',
          expr: 'max(sluice_backlog_drain_seconds)',
          legend: 'time to drain',
          thresholds: [
            [null, 'green'],
            [60, 'yellow'],
            [300, 'red'],
          ],
        }),
        stat({
          title: 'Consumers',
          description: 'Drainers that take from the queue. None while draining is paused.',
          unit: 'short',
          expr: consumers,
          legend: 'consumers',
          thresholds: [
            [null, 'red'],
            [1, 'green'],
          ],
        }),
        stat({
          title: 'Dead letters',
          description: 'Orders that could not be written. `sluice dead-letters list` says why.',
          unit: 'short',
          expr: 'max(sluice_dead_letters)',
          legend: 'dead letters',
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
      ],
    },
    {
      title: 'Rate',
      panels: [
        graph({
          title: 'Drained against the cap',
          description:
            'Orders written per second by outcome; the dashed line is the cap. With a backlog the sum runs along it.',
          unit: 'reqps',
          stacked: true,
          queries: [
            { expr: perSecond('sluice_drained_orders_total', 'outcome'), legend: '{{outcome}}' },
            { expr: cap, legend: 'cap' },
          ],
          styles: {
            confirmed: { color: 'blue' },
            rejected: { color: 'orange' },
            failed: { color: 'red' },
            cap: { color: 'red', limit: true },
          },
        }),
        graph({
          title: 'Drained by each drainer',
          description:
            'The cap is shared: more drainers take smaller parts of it. A drainer at 0 while others work has lost the queue or the database.',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (instance) (rate(sluice_drained_orders_total{instance=~"$drainer"}[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'Waiting',
          description: 'Orders that wait, and envelopes in the queue: ready, and in drainers’ hands.',
          unit: 'short',
          queries: [
            { expr: 'max(sluice_orders_waiting)', legend: 'orders' },
            { expr: 'max(sluice_queue_ready_envelopes)', legend: 'envelopes ready' },
            { expr: 'max(sluice_queue_unacknowledged_envelopes)', legend: 'envelopes unacknowledged' },
          ],
          styles: { orders: { color: 'purple' } },
          more: 'sluice-rabbitmq',
        }),
        graph({
          title: 'Time to truth',
          description: 'From the claim to the commit. In a sale this is the backlog, not the database.',
          unit: 's',
          queries: percentiles('sluice_order_settle_seconds'),
          styles: percentileStyles,
        }),
      ],
    },
    {
      title: 'Database',
      panels: [
        graph({
          title: 'Batch commit',
          description:
            'Round trip of a batch to PostgreSQL, without waiting for the cap. When it grows, the database has less room than the cap assumes.',
          unit: 's',
          w: 8,
          queries: percentiles('sluice_batch_commit_seconds', '{instance=~"$drainer"}'),
          styles: percentileStyles,
        }),
        graph({
          title: 'Batches',
          description: 'Batches written per second by each drainer: one transaction each.',
          unit: 'ops',
          w: 8,
          queries: [
            {
              expr: 'sum by (instance) (rate(sluice_batch_commit_seconds_count{instance=~"$drainer"}[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'Orders per batch',
          description: 'Half of 50 ms of the cap with a backlog; fewer when there is little to do.',
          unit: 'short',
          w: 8,
          queries: [{ expr: mean('sluice_batch_orders', '{instance=~"$drainer"}'), legend: 'mean' }],
        }),
      ],
    },
    {
      title: 'Repairs',
      panels: [
        graph({
          title: 'Claims mended',
          description:
            'Claims that could not be settled after the commit, and what the reconciler published again or settled. The first two are 0 unless something was away; under a crowd the reconciler may settle some that were about to be.',
          unit: 'reqps',
          w: 8,
          queries: [
            { expr: perSecond('sluice_settle_failures_total'), legend: 'not settled at once' },
            { expr: perSecond('sluice_reconciled_orders_total', 'action'), legend: 'reconciler: {{action}}' },
          ],
        }),
        graph({
          title: 'Sales rebuilt',
          description: 'Sales put back into Redis from the ledger, because Redis had lost or forgotten them.',
          unit: 'short',
          w: 8,
          queries: [{ expr: 'sum(increase(sluice_rebuilds_total[$__rate_interval]))', legend: 'rebuilt' }],
        }),
        graph({
          title: 'Drift by SKU',
          description: 'Pieces by which Redis and the ledger differ. Anything but 0 that stays is a fault.',
          unit: 'short',
          w: 8,
          signed: true,
          queries: [{ expr: 'max by (sale, sku) (sluice_stock_drift)', legend: '{{sale}} {{sku}}' }],
        }),
      ],
    },
    {
      title: 'Drainers',
      panels: [
        ...processPanels('drainer', ', instance=~"$drainer"'),
        graph({
          title: 'Events announced',
          description:
            'Events per second for mail, loyalty points and other followers, confirmed by the broker before the order’s message is acknowledged.',
          unit: 'ops',
          h: 7,
          queries: [{ expr: perSecond('sluice_events_published_total', 'outcome'), legend: '{{outcome}}' }],
        }),
        timeline({
          title: 'Dependencies, as drainers see them',
          description:
            'Whether every drainer can use PostgreSQL, RabbitMQ and Redis. Without Redis they go on.',
          unit: 'bool_on_off',
          h: 7,
          queries: [
            {
              expr: 'min by (dependency) (sluice_dependency_up{role="drainer"})',
              legend: '{{dependency}}',
            },
          ],
          states: [
            ['away', 'red'],
            ['up', 'green'],
          ],
        }),
      ],
    },
  ],
});
