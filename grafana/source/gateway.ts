import { dashboard } from './dashboard.ts';
import { graph, stat, timeline } from './panels.ts';
import { processPanels } from './processes.ts';
import { mean, percentile, percentileStyles, percentiles, perSecond } from './queries.ts';

const chosen = 'instance=~"$gateway"';
const of = (outcomes: string) => `sluice_orders_total{${outcomes}, ${chosen}}`;
const failed = of('outcome=~"unavailable|outcome-unknown"');
const all = perSecond(`sluice_orders_total{${chosen}}`);

/** What the gateways answer, how fast, and what it costs them. */
export const gateway = dashboard({
  uid: 'sluice-gateway',
  title: 'Gateway',
  description:
    'What the gateways answer, how fast, how they bundle orders into envelopes, and what it costs them.',
  variables: [{ name: 'gateway', label: 'Gateway', series: 'sluice_inflight_requests', of: 'instance' }],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Answered',
          description: 'Order requests answered per second, whatever the answer.',
          unit: 'reqps',
          expr: all,
          legend: 'answered',
        }),
        stat({
          title: 'Accepted',
          description: 'New orders answered 202 per second: confirmed by the broker.',
          unit: 'reqps',
          expr: perSecond(of('outcome="accepted"')),
          legend: 'accepted',
        }),
        stat({
          title: 'Answered 503',
          description:
            'Share of order requests that could not be decided: refused before the claim, or outcome unknown. Red where the alert fires.',
          unit: 'percentunit',
          decimals: 1,
          expr: `${perSecond(failed)} / (${all} > 0) or vector(0)`,
          legend: '503',
          thresholds: [
            [null, 'green'],
            [0.01, 'yellow'],
            [0.05, 'red'],
          ],
        }),
        stat({
          title: 'Intake p99',
          description: 'From an order request to its answer. Red where the alert fires.',
          unit: 's',
          expr: percentile(0.99, 'sluice_order_intake_seconds', `{${chosen}}`),
          legend: 'p99',
          thresholds: [
            [null, 'green'],
            [0.1, 'yellow'],
            [0.5, 'red'],
          ],
        }),
        stat({
          title: 'In flight',
          description: 'Order requests under way now, over the chosen gateways.',
          unit: 'short',
          expr: `sum(sluice_inflight_requests{${chosen}})`,
          legend: 'in flight',
        }),
        stat({
          title: 'Gateways',
          description: 'Gateways that Prometheus can reach.',
          unit: 'short',
          expr: `count(sluice_inflight_requests{${chosen}})`,
          legend: 'gateways',
          thresholds: [
            [null, 'red'],
            [1, 'green'],
          ],
        }),
      ],
    },
    {
      title: 'Answers',
      panels: [
        graph({
          title: 'Taken',
          description:
            'New orders, and repeats of orders that were known: the same answer once more, never a second order.',
          unit: 'reqps',
          w: 8,
          queries: [
            { expr: perSecond(of('outcome=~"accepted|replayed"'), 'outcome'), legend: '{{outcome}}' },
          ],
          styles: { accepted: { color: 'green' }, replayed: { color: 'blue' } },
        }),
        graph({
          title: 'Refused',
          description:
            'Answers that are final for this order: sold out, limits, opening times, mistakes in the request.',
          unit: 'reqps',
          w: 8,
          queries: [
            {
              expr: perSecond(of('outcome!~"accepted|replayed|unavailable|outcome-unknown"'), 'outcome'),
              legend: '{{outcome}}',
            },
          ],
          styles: { 'sold-out': { color: 'orange' } },
        }),
        graph({
          title: 'To be tried again',
          description:
            'Answered 503. “unavailable”: nothing was claimed. “outcome-unknown”: claimed without a confirm; the reconciler publishes it.',
          unit: 'reqps',
          w: 8,
          queries: [{ expr: perSecond(failed, 'outcome'), legend: '{{outcome}}' }],
          styles: { unavailable: { color: 'red' }, 'outcome-unknown': { color: 'purple' } },
        }),
      ],
    },
    {
      title: 'Latency',
      panels: [
        graph({
          title: 'Intake latency',
          description:
            'From an order request’s headers to its answer, all outcomes. An accepted order waits for the broker’s fsync.',
          unit: 's',
          queries: percentiles('sluice_order_intake_seconds', `{${chosen}}`),
          styles: percentileStyles,
        }),
        graph({
          title: 'In flight',
          description:
            'Order requests that each gateway works on. A rise without more traffic means that Redis or RabbitMQ is slow.',
          unit: 'short',
          queries: [
            { expr: `max by (instance) (sluice_inflight_requests{${chosen}})`, legend: '{{instance}}' },
          ],
        }),
      ],
    },
    {
      title: 'Envelopes',
      panels: [
        graph({
          title: 'Envelopes published',
          description: 'Messages to RabbitMQ per second. Under a crowd far fewer than orders.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (instance) (rate(sluice_envelope_orders_count{${chosen}}[$__rate_interval]))`,
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'Orders per envelope',
          description:
            'One with little traffic, dozens under a crowd: orders of the same moment travel together.',
          unit: 'short',
          queries: [
            { expr: mean('sluice_envelope_orders', `{${chosen}}`), legend: 'mean' },
            { expr: percentile(0.99, 'sluice_envelope_orders', `{${chosen}}`), legend: 'p99' },
          ],
          styles: { p99: { color: 'red' } },
        }),
      ],
    },
    {
      title: 'Gateways',
      panels: [
        ...processPanels('gateway', `, ${chosen}`),
        graph({
          title: 'Garbage collection',
          description: 'Share of time each gateway spends collecting garbage, by kind.',
          unit: 'percentunit',
          queries: [
            {
              expr: `sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum{role="gateway", ${chosen}}[$__rate_interval]))`,
              legend: '{{instance}}: {{kind}}',
            },
          ],
        }),
        timeline({
          title: 'Dependencies, as gateways see them',
          description: 'Whether every gateway can claim and publish. Without one of them they answer 503.',
          unit: 'bool_on_off',
          queries: [
            { expr: 'min by (dependency) (sluice_dependency_up{role="gateway"})', legend: '{{dependency}}' },
            { expr: '1 - max(sluice_broker_blocked)', legend: 'publishing' },
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
