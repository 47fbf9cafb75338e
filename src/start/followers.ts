import type { Follower } from '../events/follower.ts';
import { createActivityLog } from '../events/followers/activity-log.ts';
import { createBridge } from '../events/followers/bridge.ts';
import { createLoyalty } from '../events/followers/loyalty/follower.ts';
import { createMail } from '../events/followers/mail/follower.ts';
import { createRanking } from '../events/followers/ranking/follower.ts';
import { createWebhook } from '../events/followers/webhook/follower.ts';
import { eventType } from '../order/events.ts';
import type { Config } from '../platform/config/config.ts';
import { readWebhookTargets } from '../platform/config/webhook-targets.ts';
import type { Publisher } from '../queue/publisher.ts';

/** A follower, and what it leaves open. */
type Startable = Follower & { stop?(): Promise<void> };

/** What followers need of the process they run in. */
export interface Surroundings {
  readonly send: Publisher['send'];
  /** Told once where the follower's target wants no more of it. */
  readonly onSwitchedOff: () => void;
}

/** A follower that the configuration does not know. */
export class UnknownFollowerError extends Error {
  override readonly name = 'UnknownFollowerError';
  readonly code = 'unknown-follower';
}

/** Every follower that can run with this configuration, by name, and how to make it. */
function followersIn(
  config: Config,
  { send, onSwitchedOff }: Surroundings,
): ReadonlyMap<string, () => Startable> {
  const makers = new Map<string, () => Startable>([
    ['activity-log', createActivityLog],
    ['loyalty', () => createLoyalty({ minorPerPoint: config.LOYALTY_MINOR_PER_POINT })],
    ['ranking', createRanking],
  ]);
  const smtpUrl = config.SMTP_URL;
  if (smtpUrl !== undefined) {
    makers.set('mail', () =>
      createMail({
        smtpUrl,
        from: config.MAIL_FROM,
        to: config.MAIL_TO,
        templates: config.MAIL_TEMPLATES,
        connections: config.MAIL_CONNECTIONS,
      }),
    );
  }
  if (config.EVENT_BRIDGE === 'on') {
    const exchange = config.EVENT_BRIDGE_EXCHANGE;
    makers.set('bridge', () =>
      createBridge((key, event) =>
        send({ exchange, key, content: Buffer.from(JSON.stringify(event)), contentType: eventType }),
      ),
    );
  }
  for (const target of webhookTargets(config)) {
    makers.set(`webhook-${target.name}`, () =>
      createWebhook({
        target,
        timeoutMs: config.WEBHOOK_TIMEOUT_MS,
        concurrency: config.WEBHOOK_CONCURRENCY,
        onGone: onSwitchedOff,
      }),
    );
  }
  return makers;
}

/** @throws UnknownFollowerError; what the follower's factory throws where its settings are at fault. */
export function followerNamed(name: string, config: Config, surroundings: Surroundings): Startable {
  const makers = followersIn(config, surroundings);
  const make = makers.get(name);
  if (make) return make();
  const hints: Record<string, string> = {
    mail: 'mail needs SMTP_URL',
    bridge: 'bridge needs EVENT_BRIDGE=on',
    webhook: 'a webhook is named after its target, as in webhook-NAME, and needs WEBHOOK_TARGETS',
  };
  const hint = hints[name.split('-')[0]!] ?? `there are ${[...makers.keys()].join(', ')}`;
  throw new UnknownFollowerError(`there is no follower ${name}: ${hint}`);
}

/** The names of the followers that `sluice up` runs. */
export function followersToRun(config: Config): string[] {
  const { EVENTS: events, EVENT_BRIDGE: bridge, FOLLOWERS: chosen, SMTP_URL: smtpUrl } = config;
  if (events === 'off' || chosen?.includes('none')) return [];
  const kinds = chosen ?? [
    'loyalty',
    'ranking',
    ...(smtpUrl === undefined ? [] : ['mail']),
    'webhook',
    ...(bridge === 'on' ? ['bridge'] : []),
  ];
  return [...new Set(kinds)].flatMap((kind) =>
    kind === 'webhook' ? webhookTargets(config).map((target) => `webhook-${target.name}`) : [kind],
  );
}

/** The configuration's own check has found no fault in them. */
function webhookTargets({ WEBHOOK_TARGETS: targets }: Config) {
  return targets === undefined ? [] : readWebhookTargets(targets, () => undefined);
}
