import { dashboard } from './dashboard.ts';
import { graph, stat, timeline } from './panels.ts';
import { perSecond } from './queries.ts';

const queues = '{queue=~"$queue"}';

/** The broker: queues, messages, and whether a node is near a limit. */
export const rabbitmq = dashboard({
  uid: 'sluice-rabbitmq',
  title: 'RabbitMQ',
  description:
    'The broker between gateways and drainers: queues, flow of messages, and how near its nodes are to a limit.',
  variables: [{ name: 'queue', label: 'Queue', series: 'rabbitmq_detailed_queue_messages_ready' }],
  sections: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Ready',
          description:
            'Messages that wait in the chosen queues. In the order queue a message is an envelope of one to many orders.',
          unit: 'short',
          expr: `sum(rabbitmq_detailed_queue_messages_ready${queues})`,
          legend: 'ready',
          thresholds: [[null, 'purple']],
        }),
        stat({
          title: 'Consumers',
          description: 'Consumers of the order queue. None while draining is paused.',
          unit: 'short',
          expr: 'sum(rabbitmq_detailed_queue_consumers{queue="sluice.orders"})',
          legend: 'consumers',
          thresholds: [
            [null, 'red'],
            [1, 'green'],
          ],
        }),
        stat({
          title: 'Dead letters',
          description: 'Messages in the dead-letter queue of orders.',
          unit: 'short',
          expr: 'sum(rabbitmq_detailed_queue_messages{queue="sluice.orders.dead"})',
          legend: 'dead letters',
          thresholds: [
            [null, 'green'],
            [1, 'red'],
          ],
        }),
        stat({
          title: 'Memory',
          description:
            'The fullest node, as a share of its high-water mark: at 100 % RabbitMQ blocks publishers.',
          unit: 'percentunit',
          decimals: 0,
          expr: 'max(rabbitmq_process_resident_memory_bytes / rabbitmq_resident_memory_limit_bytes)',
          legend: 'memory',
          thresholds: [
            [null, 'green'],
            [0.7, 'yellow'],
            [0.9, 'red'],
          ],
        }),
        stat({
          title: 'Disk above its limit',
          description: 'Free disk of the fullest node beyond the limit at which RabbitMQ blocks publishers.',
          unit: 'bytes',
          expr: 'min(rabbitmq_disk_space_available_bytes - rabbitmq_disk_space_available_limit_bytes)',
          legend: 'free',
          thresholds: [
            [null, 'red'],
            [1_000_000_000, 'yellow'],
            [5_000_000_000, 'green'],
          ],
        }),
        stat({
          title: 'Nodes',
          description: 'Nodes of the cluster that Prometheus can reach.',
          unit: 'short',
          expr: 'count(rabbitmq_resident_memory_limit_bytes)',
          legend: 'nodes',
          thresholds: [
            [null, 'red'],
            [1, 'green'],
          ],
        }),
      ],
    },
    {
      title: 'Queues',
      panels: [
        graph({
          title: 'Ready, by queue',
          description: 'Messages that no consumer has yet.',
          unit: 'short',
          w: 8,
          queries: [
            { expr: `sum by (queue) (rabbitmq_detailed_queue_messages_ready${queues})`, legend: '{{queue}}' },
          ],
        }),
        graph({
          title: 'Unacknowledged, by queue',
          description: 'Messages in consumers’ hands: at most the prefetch of each.',
          unit: 'short',
          w: 8,
          queries: [
            {
              expr: `sum by (queue) (rabbitmq_detailed_queue_messages_unacked${queues})`,
              legend: '{{queue}}',
            },
          ],
        }),
        graph({
          title: 'Consumers, by queue',
          description: 'Consumers of each queue.',
          unit: 'short',
          w: 8,
          queries: [
            { expr: `sum by (queue) (rabbitmq_detailed_queue_consumers${queues})`, legend: '{{queue}}' },
          ],
        }),
      ],
    },
    {
      title: 'Messages',
      panels: [
        graph({
          title: 'In and out',
          description:
            'Messages per second: received from publishers, confirmed to them, delivered to consumers, acknowledged by them.',
          unit: 'ops',
          queries: [
            { expr: perSecond('rabbitmq_global_messages_received_total'), legend: 'received' },
            { expr: perSecond('rabbitmq_global_messages_confirmed_total'), legend: 'confirmed' },
            { expr: perSecond('rabbitmq_global_messages_delivered_total'), legend: 'delivered' },
            { expr: perSecond('rabbitmq_global_messages_acknowledged_total'), legend: 'acknowledged' },
          ],
        }),
        graph({
          title: 'Out of the ordinary',
          description:
            'Messages per second delivered again (a drainer went away), returned because no queue took them, and dead-lettered by the broker (delivery limit).',
          unit: 'ops',
          queries: [
            { expr: perSecond('rabbitmq_global_messages_redelivered_total'), legend: 'delivered again' },
            { expr: perSecond('rabbitmq_global_messages_unroutable_returned_total'), legend: 'returned' },
            {
              expr: perSecond('rabbitmq_global_messages_dead_lettered_delivery_limit_total'),
              legend: 'delivery limit',
            },
          ],
          styles: { 'delivery limit': { color: 'red' } },
        }),
      ],
    },
    {
      title: 'Nodes',
      panels: [
        graph({
          title: 'Memory',
          description:
            'Resident memory of each node, and the high-water mark at which publishers are blocked.',
          unit: 'bytes',
          w: 8,
          queries: [
            { expr: 'max by (instance) (rabbitmq_process_resident_memory_bytes)', legend: '{{instance}}' },
            { expr: 'min(rabbitmq_resident_memory_limit_bytes)', legend: 'high-water mark' },
          ],
          styles: { 'high-water mark': { color: 'red', limit: true } },
        }),
        graph({
          title: 'Free disk',
          description: 'Free disk of each node, and the limit below which publishers are blocked.',
          unit: 'bytes',
          w: 8,
          queries: [
            { expr: 'min by (instance) (rabbitmq_disk_space_available_bytes)', legend: '{{instance}}' },
            { expr: 'max(rabbitmq_disk_space_available_limit_bytes)', legend: 'limit' },
          ],
          styles: { limit: { color: 'red', limit: true } },
        }),
        graph({
          title: 'Connections and channels',
          description: 'A number that climbs without end is a leak; one that falls to 0 is an outage.',
          unit: 'short',
          w: 8,
          queries: [
            { expr: 'sum(rabbitmq_connections)', legend: 'connections' },
            { expr: 'sum(rabbitmq_channels)', legend: 'channels' },
          ],
        }),
        graph({
          title: 'Raft commit latency',
          description:
            'How long quorum queues take to commit an entry on a majority of nodes, with fsync: part of every 202.',
          unit: 's',
          queries: [
            {
              expr: 'max by (instance) (rabbitmq_raft_entry_commit_latency_seconds)',
              legend: '{{instance}}',
            },
          ],
        }),
        timeline({
          title: 'Alarms',
          description:
            'While one is raised, RabbitMQ takes nothing from publishers, and gateways answer 503.',
          unit: 'bool_yes_no',
          queries: [
            { expr: 'max(rabbitmq_alarms_memory_used_watermark)', legend: 'memory' },
            { expr: 'max(rabbitmq_alarms_free_disk_space_watermark)', legend: 'disk' },
            { expr: 'max(rabbitmq_alarms_file_descriptor_limit)', legend: 'file descriptors' },
          ],
          states: [
            ['clear', 'green'],
            ['raised', 'red'],
          ],
        }),
      ],
    },
  ],
});
