import { dashboard } from './dashboard.ts';
import { graph, stat, timeline } from './panels.ts';
import { processPanels } from './processes.ts';
import { perSecond } from './queries.ts';

const chosen = 'follower=~"$follower"';
const handled = `sluice_follower_handled_total{${chosen}}`;
const failures = `sluice_follower_failures_total{${chosen}}`;
const dropped = `sluice_follower_dropped_events_total{${chosen}}`;
/** Largest over the ops processes: each of them sees all queues. */
const ofOps = (metric: string) => `max by (follower) (${metric}{${chosen}})`;

/** What follows an order: mail, points, ranking, webhooks, each at its own pace. */
export const followers = dashboard({
  uid: 'sluice-followers',
  title: 'Followers',
  description:
    'What follows an order: mail, loyalty points, ranking, webhooks and the bridge. How far each is behind, what failed, what was given up, what was dropped.',
  variables: [{ name: 'follower', label: 'Follower', series: 'sluice_follower_waiting_messages' }],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Handled',
          description: 'Events per second whose effect has happened, over the chosen followers.',
          unit: 'ops',
          expr: perSecond(handled),
          legend: 'handled',
        }),
        stat({
          title: 'Oldest in hand',
          description:
            'Since the oldest event in a follower’s hands was settled. It grows while what a follower needs is away.',
          unit: 's',
          expr: `max(sluice_follower_oldest_event_age_seconds{${chosen}})`,
          legend: 'oldest',
          thresholds: [
            [null, 'green'],
            [60, 'yellow'],
            [600, 'red'],
          ],
        }),
        stat({
          title: 'Waiting',
          description: 'Messages in the followers’ queues, each with the events of one batch or with one.',
          unit: 'short',
          expr: `sum(${ofOps('sluice_follower_waiting_messages')})`,
          legend: 'waiting',
        }),
        stat({
          title: 'Holding',
          description:
            'Followers that wait for something they need, as a dead mail server. Nothing is lost meanwhile.',
          unit: 'short',
          expr: `sum(max by (follower) (sluice_follower_held{${chosen}}))`,
          legend: 'holding',
          thresholds: [
            [null, 'green'],
            [1, 'yellow'],
          ],
        }),
        stat({
          title: 'Dead letters',
          description: 'Events that were given up and wait for a decision: redrive or purge.',
          unit: 'short',
          expr: `sum(${ofOps('sluice_follower_dead_letters')})`,
          legend: 'dead letters',
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
        stat({
          title: 'Dropped',
          description: 'Events per second that a full queue drops. A replay brings them back.',
          unit: 'ops',
          expr: perSecond(dropped),
          legend: 'dropped',
          thresholds: [
            [null, 'green'],
            [0.001, 'red'],
          ],
        }),
      ],
    },
    {
      title: 'Pace',
      panels: [
        graph({
          title: 'Handled, by follower',
          description:
            'Events whose effect has happened. A follower that falls behind the drain has a growing queue.',
          unit: 'ops',
          queries: [
            { expr: perSecond(handled, 'follower'), legend: '{{follower}}' },
            { expr: perSecond('sluice_drained_orders_total'), legend: 'drained' },
          ],
          styles: { drained: { color: 'grey', limit: true } },
        }),
        graph({
          title: 'Waiting, by follower',
          description: 'Messages in each queue. At its limit in bytes a queue drops its oldest.',
          unit: 'short',
          queries: [{ expr: ofOps('sluice_follower_waiting_messages'), legend: '{{follower}}' }],
        }),
        graph({
          title: 'Oldest in hand, by follower',
          description: 'Since the oldest event in each follower’s hands was settled.',
          unit: 's',
          queries: [
            {
              expr: `max by (follower) (sluice_follower_oldest_event_age_seconds{${chosen}})`,
              legend: '{{follower}}',
            },
          ],
        }),
        graph({
          title: 'One call of the effect, p99',
          description: 'A call handles as many events as the follower takes at once.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (le, follower) (rate(sluice_follower_effect_seconds_bucket{${chosen}}[$__rate_interval])))`,
              legend: '{{follower}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What did not work',
      panels: [
        graph({
          title: 'Failed attempts, and what became of them',
          description:
            'Attempts that failed, over the chosen followers. Each is tried again after a pause, or given up at last.',
          unit: 'ops',
          w: 8,
          queries: [
            { expr: perSecond(failures), legend: 'failed' },
            { expr: perSecond(`sluice_follower_retries_total{${chosen}}`), legend: 'to be tried again' },
            { expr: perSecond(`sluice_follower_dead_lettered_total{${chosen}}`), legend: 'given up' },
          ],
          styles: {
            failed: { color: 'orange' },
            'to be tried again': { color: 'yellow' },
            'given up': { color: 'red' },
          },
        }),
        graph({
          title: 'Waiting for another attempt',
          description: 'Events put aside after a failure.',
          unit: 'short',
          w: 8,
          queries: [{ expr: ofOps('sluice_follower_retrying_events'), legend: '{{follower}}' }],
        }),
        graph({
          title: 'Given up',
          description: 'Dead letters by follower, until they are redriven or purged.',
          unit: 'short',
          w: 8,
          queries: [{ expr: ofOps('sluice_follower_dead_letters'), legend: '{{follower}}' }],
        }),
        graph({
          title: 'Dropped, by follower',
          description:
            'Events that a full queue dropped. `sluice follower NAME replay --sale ID` brings them back.',
          unit: 'ops',
          w: 8,
          queries: [{ expr: perSecond(dropped, 'follower'), legend: '{{follower}}' }],
        }),
        graph({
          title: 'Came again',
          description:
            'Events that were known already, after a crash or a lost connection. They had no second effect.',
          unit: 'ops',
          w: 8,
          queries: [
            {
              expr: perSecond(`sluice_follower_repeated_total{${chosen}}`, 'follower'),
              legend: '{{follower}}',
            },
          ],
        }),
        timeline({
          title: 'At work',
          description:
            'Whether each follower has what it needs: yellow while it holds its events. The target of a webhook that answered 410 is switched off, and yellow until its follower is started again.',
          unit: 'bool_yes_no',
          w: 8,
          queries: [
            { expr: `1 - max by (follower) (sluice_follower_held{${chosen}})`, legend: '{{follower}}' },
            {
              expr: `1 - max by (follower) (sluice_follower_switched_off{${chosen}})`,
              legend: '{{follower}}: target',
            },
          ],
          states: [
            ['holding', 'yellow'],
            ['at work', 'green'],
          ],
        }),
      ],
    },
    {
      title: 'Processes',
      panels: [
        graph({
          title: 'Instances',
          description: 'Processes that share each follower’s queue. None: its events wait.',
          unit: 'short',
          queries: [{ expr: ofOps('sluice_follower_instances'), legend: '{{follower}}' }],
        }),
        graph({
          title: 'In hand',
          description: 'Messages that instances have taken and not finished.',
          unit: 'short',
          queries: [{ expr: ofOps('sluice_follower_unacknowledged_messages'), legend: '{{follower}}' }],
        }),
        ...processPanels('follower'),
      ],
    },
  ],
});
