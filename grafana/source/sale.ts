import { dashboard } from './dashboard.ts';
import { graph, stat, timeline } from './panels.ts';
import { percentileStyles, percentiles, perSecond } from './queries.ts';

const ofSale = '{sale=~"$sale"}';

/** For the hour of the sale: everything at a glance, nothing that cannot be acted on. */
export const sale = dashboard({
  uid: 'sluice-sale',
  title: 'Sale',
  description:
    'One look at a running sale: what is offered, what waits, how fast it drains, and whether every promise holds.',
  variables: [{ name: 'sale', label: 'Sale', series: 'sluice_stock_left' }],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Orders waiting',
          description: 'Orders claimed and not yet settled, over the whole cluster.',
          unit: 'short',
          expr: 'max(sluice_orders_waiting)',
          legend: 'waiting',
          more: 'sluice-drain',
        }),
        stat({
          title: 'Time to drain',
          description:
            'How long the present backlog takes at the present cap, with no new orders; endless while draining is paused. Red beyond five minutes, where the alert fires.',
          unit: 's',
          expr: 'max(sluice_backlog_drain_seconds)',
          legend: 'time to drain',
          thresholds: [
            [null, 'green'],
            [60, 'yellow'],
            [300, 'red'],
          ],
          more: 'sluice-drain',
        }),
        stat({
          title: 'Closes in',
          description: 'Until the last of the chosen sales closes; below 0 it has.',
          unit: 's',
          expr: `max(sluice_sale_closes_timestamp_seconds${ofSale}) - time()`,
          legend: 'closes in',
          thresholds: [
            [null, 'grey'],
            [0, 'blue'],
          ],
        }),
        stat({
          title: 'Alerts',
          description: 'Alerts of Sluice that fire now. What each means and what to do: docs/operations.md.',
          unit: 'short',
          expr: 'count(ALERTS{alertname=~"Sluice.*", alertstate="firing"}) or vector(0)',
          legend: 'alerts',
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
        stat({
          title: 'Dead letters',
          description: 'Orders that could not be written. Each waits for a decision: redrive or purge.',
          unit: 'short',
          expr: 'max(sluice_dead_letters)',
          legend: 'dead letters',
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
          more: 'sluice-drain',
        }),
        stat({
          title: 'Stock drift',
          description:
            'The largest disagreement between Redis and the ledger, in pieces. Anything but 0 that stays is a fault.',
          unit: 'short',
          expr: `max(abs(sluice_stock_drift${ofSale}))`,
          legend: 'drift',
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
      ],
    },
    {
      title: 'Flow',
      panels: [
        graph({
          title: 'Orders answered, by outcome',
          description:
            'What shoppers asked for, per second, by the answer they got, summed over the gateways.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: perSecond('sluice_orders_total', 'outcome'), legend: '{{outcome}}' }],
          styles: {
            accepted: { color: 'green' },
            replayed: { color: 'blue' },
            'sold-out': { color: 'orange' },
            unavailable: { color: 'red' },
            'sale-not-open': { color: 'grey' },
          },
          more: 'sluice-gateway',
        }),
        graph({
          title: 'Accepted and drained against the cap',
          description:
            'Orders answered 202, and orders written to PostgreSQL, per second; the dashed line is the cap that all drainers together keep to.',
          unit: 'reqps',
          queries: [
            { expr: perSecond('sluice_orders_total{outcome="accepted"}'), legend: 'accepted' },
            { expr: perSecond('sluice_drained_orders_total'), legend: 'drained' },
            { expr: 'max(sluice_drain_cap_orders_per_second)', legend: 'cap' },
          ],
          styles: {
            accepted: { color: 'green' },
            drained: { color: 'blue' },
            cap: { color: 'red', limit: true },
          },
          more: 'sluice-drain',
        }),
        graph({
          title: 'Queue depth',
          description:
            'Orders waiting for their settlement, and the envelopes that carry them in RabbitMQ. Under a crowd an envelope holds many orders.',
          unit: 'short',
          queries: [
            { expr: 'max(sluice_orders_waiting)', legend: 'orders waiting' },
            {
              expr: 'sum by (queue) (rabbitmq_detailed_queue_messages_ready{queue=~"sluice[.]orders.*"})',
              legend: 'ready: {{queue}}',
            },
          ],
          styles: { 'orders waiting': { color: 'purple' } },
          more: 'sluice-rabbitmq',
        }),
        graph({
          title: 'Time to drain and oldest order',
          description:
            'How long what waits will take, and how long the order at the head has waited. The second follows the first; where it runs away from it, draining stands still.',
          unit: 's',
          queries: [
            { expr: 'max(sluice_backlog_drain_seconds)', legend: 'time to drain' },
            { expr: 'max(sluice_oldest_order_age_seconds)', legend: 'oldest order' },
          ],
          more: 'sluice-drain',
        }),
      ],
    },
    {
      title: 'Latency',
      panels: [
        graph({
          title: 'Intake latency',
          description: 'From an order request to its answer, over all gateways and outcomes.',
          unit: 's',
          queries: percentiles('sluice_order_intake_seconds'),
          styles: percentileStyles,
          more: 'sluice-gateway',
        }),
        graph({
          title: 'Time to truth',
          description: 'From the claim to the commit: how long a shopper waits for confirmed or rejected.',
          unit: 's',
          queries: percentiles('sluice_order_settle_seconds'),
          styles: percentileStyles,
          more: 'sluice-drain',
        }),
      ],
    },
    {
      title: 'Stock',
      panels: [
        graph({
          title: 'Stock left',
          description: 'Pieces in the ledger that are not sold.',
          unit: 'short',
          queries: [{ expr: `max by (sale, sku) (sluice_stock_left${ofSale})`, legend: '{{sale}} {{sku}}' }],
        }),
        graph({
          title: 'Stock claimed',
          description: 'Pieces held for orders that are not settled yet.',
          unit: 'short',
          queries: [
            { expr: `max by (sale, sku) (sluice_stock_claimed${ofSale})`, legend: '{{sale}} {{sku}}' },
          ],
        }),
      ],
    },
    {
      title: 'Health',
      panels: [
        timeline({
          title: 'Dependencies',
          description: 'Whether every process that needs the dependency can use it.',
          unit: 'bool_on_off',
          h: 6,
          queries: [{ expr: 'min by (dependency) (sluice_dependency_up)', legend: '{{dependency}}' }],
          states: [
            ['away', 'red'],
            ['up', 'green'],
          ],
        }),
        timeline({
          title: 'Broker',
          description:
            'Whether RabbitMQ blocks publishers because of a memory or disk alarm: gateways answer 503 then.',
          unit: 'bool_yes_no',
          h: 6,
          queries: [{ expr: 'max(sluice_broker_blocked)', legend: 'publishing' }],
          states: [
            ['free', 'green'],
            ['blocked', 'red'],
          ],
          more: 'sluice-rabbitmq',
        }),
      ],
    },
  ],
});
