import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { dependencyGauge } from './metrics.ts';

/** What a process that runs a follower counts, labelled with the follower's name. */
export function createFollowerMetrics(registry: Registry, follower: string) {
  const counter = (name: string, help: string) => {
    const child = new Counter({ name, help, labelNames: ['follower'], registers: [registry] }).labels(
      follower,
    );
    child.inc(0);
    return child;
  };
  let readOldestMs: () => number | undefined = () => undefined;
  new Gauge({
    name: 'sluice_follower_oldest_event_age_seconds',
    help: 'Since the oldest event in this process’ hands was settled; 0 where it has none.',
    labelNames: ['follower'],
    registers: [registry],
    collect() {
      const oldestMs = readOldestMs();
      this.labels(follower).set(oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs) / 1_000);
    },
  });
  const held = new Gauge({
    name: 'sluice_follower_held',
    help: '1 while the follower waits for something it needs to come back.',
    labelNames: ['follower'],
    registers: [registry],
  }).labels(follower);
  held.set(0);
  const switchedOff = new Gauge({
    name: 'sluice_follower_switched_off',
    help: '1 once the follower’s target wants no more (a webhook answered 410), until it is started anew.',
    labelNames: ['follower'],
    registers: [registry],
  }).labels(follower);
  switchedOff.set(0);
  return {
    handled: counter('sluice_follower_handled_total', 'Events whose effect has happened.'),
    repeated: counter('sluice_follower_repeated_total', 'Events that came again after their effect.'),
    failures: counter('sluice_follower_failures_total', 'Attempts that failed.'),
    retries: counter('sluice_follower_retries_total', 'Events that were put aside for another attempt.'),
    deadLettered: counter('sluice_follower_dead_lettered_total', 'Events that were given up.'),
    held,
    switchedOff,
    effectSeconds: new Histogram({
      name: 'sluice_follower_effect_seconds',
      help: 'One call of the effect, with however many events it had.',
      labelNames: ['follower'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    }).labels(follower),
    dependencies: dependencyGauge(registry, ['rabbitmq', 'postgres']),
    /** Where the time of the oldest event is read when somebody scrapes. */
    oldestFrom(read: () => number | undefined): void {
      readOldestMs = read;
    },
  };
}
export type FollowerMetrics = ReturnType<typeof createFollowerMetrics>;

/** What is true of all followers of the cluster: served by the ops role alone. */
export function createFollowerClusterMetrics(registry: Registry) {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['follower'], registers: [registry] });
  const waiting = gauge('sluice_follower_waiting_messages', 'Messages, of one event or many, in its queue.');
  const unacknowledged = gauge(
    'sluice_follower_unacknowledged_messages',
    'Messages in its instances’ hands.',
  );
  const retrying = gauge('sluice_follower_retrying_events', 'Events that wait for another attempt.');
  const deadLetters = gauge(
    'sluice_follower_dead_letters',
    'Events that were given up, until redriven or purged.',
  );
  const instances = gauge('sluice_follower_instances', 'Processes that consume its queue.');
  const dropped = new Counter({
    name: 'sluice_follower_dropped_events_total',
    help: 'Events that its full queue has dropped; a replay brings them back.',
    labelNames: ['follower'],
    registers: [registry],
  });
  return {
    dropped(follower: string, events: number): void {
      dropped.labels(follower).inc(events);
    },
    set(followers: readonly FollowerCounts[]): void {
      for (const one of [waiting, unacknowledged, retrying, deadLetters, instances]) one.reset();
      for (const { name, ...counts } of followers) {
        waiting.labels(name).set(counts.waitingMessages);
        unacknowledged.labels(name).set(counts.unacknowledgedMessages);
        retrying.labels(name).set(counts.retrying);
        deadLetters.labels(name).set(counts.deadLetters);
        instances.labels(name).set(counts.instances);
        dropped.labels(name).inc(0);
      }
    },
  };
}
export type FollowerClusterMetrics = ReturnType<typeof createFollowerClusterMetrics>;

interface FollowerCounts {
  readonly name: string;
  readonly waitingMessages: number;
  readonly unacknowledgedMessages: number;
  readonly retrying: number;
  readonly deadLetters: number;
  readonly instances: number;
}
