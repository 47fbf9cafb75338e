import { jwtAlgorithms } from './jwt-key.ts';

/** One environment variable. */
export interface Setting {
  readonly kind: 'integer' | 'text' | 'url' | 'choice' | 'choices' | 'list';
  /** The default, as it would be written in the environment; absent: unset. */
  readonly fallback?: string;
  readonly min?: number;
  readonly max?: number;
  /** What a `choice` may be, and the members of `choices`. */
  readonly choices?: readonly string[];
  /** Schemes that a `url` may have. */
  readonly schemes?: readonly string[];
  /** Never printed: neither in logs nor in the configuration print-out. */
  readonly secret?: true;
  /** What it does and its unit, as the README's table says it. */
  readonly about: string;
}

/** Every setting there is. The table in docs/configuration.md is generated from it. */
export const settings = {
  DATABASE_URL: {
    kind: 'url',
    schemes: ['postgres:', 'postgresql:'],
    secret: true,
    about: 'PostgreSQL to use; with AMQP_URL and REDIS_URL set too, no private service is started',
  },
  AMQP_URL: { kind: 'url', schemes: ['amqp:', 'amqps:'], secret: true, about: 'RabbitMQ to use' },
  AMQP_MANAGEMENT_URL: {
    kind: 'url',
    schemes: ['http:', 'https:'],
    secret: true,
    about: "RabbitMQ's management API; unset: port 15672 on the host of AMQP_URL, with its user",
  },
  REDIS_URL: { kind: 'url', schemes: ['redis:', 'rediss:'], secret: true, about: 'Redis to use' },
  HOST: { kind: 'text', fallback: '127.0.0.1', about: 'address the shoppers’ port listens on' },
  PORT: { kind: 'integer', fallback: '8080', min: 0, max: 65_535, about: 'shoppers’ port; 0: a free one' },
  OPS_HOST: { kind: 'text', fallback: '127.0.0.1', about: 'address the ops port listens on' },
  OPS_PORT: { kind: 'integer', fallback: '8081', min: 0, max: 65_535, about: 'ops port; 0: a free one' },
  METRICS_HOST: { kind: 'text', fallback: '127.0.0.1', about: 'address a role serves its own /metrics on' },
  METRICS_PORT: {
    kind: 'integer',
    fallback: '0',
    min: 0,
    max: 65_535,
    about: 'port of a role’s own /metrics; 0: a free one',
  },
  ADMIN_TOKEN: {
    kind: 'text',
    secret: true,
    about: 'bearer token of the admin API, 16 characters or more; unset: `sluice up` makes one',
  },
  AUTH: {
    kind: 'choice',
    choices: ['none', 'jwt'],
    fallback: 'none',
    about: 'who a shopper is: what the order says (`none`), or the `sub` of a bearer token (`jwt`)',
  },
  JWT_ISSUER: { kind: 'text', about: 'the `iss` a token must have' },
  JWT_AUDIENCE: { kind: 'text', about: 'what the `aud` of a token must be or contain' },
  JWT_JWKS_URL: {
    kind: 'url',
    schemes: ['https:', 'http:'],
    about: 'JSON Web Key Set of the issuer; http on loopback only. Either this or JWT_KEY',
  },
  JWT_KEY: {
    kind: 'text',
    secret: true,
    about: 'public key (PEM, line ends may be `\\n`) or shared secret (base64) that tokens are checked with',
  },
  JWT_ALGORITHMS: {
    kind: 'choices',
    choices: jwtAlgorithms,
    fallback: 'RS256',
    about: 'signature algorithms a token may have, separated by commas; all must suit the key',
  },
  GATEWAYS: { kind: 'integer', fallback: '1', min: 1, max: 16, about: 'gateways that `sluice up` runs' },
  DRAINERS: { kind: 'integer', fallback: '1', min: 1, max: 16, about: 'drainers that `sluice up` runs' },
  DRAIN_MAX_ORDERS_PER_SECOND: {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    about:
      'cap on orders written per second by all drainers together; unset: what the ledger holds (2000 at first)',
  },
  BATCH_MAX_ORDERS: {
    kind: 'integer',
    fallback: '500',
    min: 1,
    max: 5_000,
    about: 'orders in a batch at most; never more than 50 ms of the cap',
  },
  BATCH_MAX_AGE_MS: {
    kind: 'integer',
    fallback: '25',
    min: 0,
    max: 1_000,
    about:
      'milliseconds that an order waits at most for its batch to fill; one that follows no other batch so soon waits for nothing',
  },
  PREFETCH_ENVELOPES: {
    kind: 'integer',
    fallback: '0',
    min: 0,
    max: 65_535,
    about: 'envelopes a drainer holds unacknowledged; 0: five batches, following the cap',
  },
  ENVELOPE_MAX_ORDERS: {
    kind: 'integer',
    fallback: '100',
    min: 1,
    max: 500,
    about: 'orders in one AMQP message at most',
  },
  MAX_WAITING_ORDERS: {
    kind: 'integer',
    fallback: '2000000',
    min: 1,
    max: 100_000_000,
    about: 'orders accepted and not settled, over all sales, above which new ones get 503',
  },
  MAX_INFLIGHT_REQUESTS: {
    kind: 'integer',
    fallback: '10000',
    min: 1,
    max: 1_000_000,
    about: 'order requests a gateway works on at once, above which new ones get 503',
  },
  MAX_CONNECTIONS: {
    kind: 'integer',
    fallback: '20000',
    min: 1,
    max: 1_000_000,
    about: 'connections a gateway holds; further ones are closed',
  },
  CLIENT_MAX_REQUESTS_PER_SECOND: {
    kind: 'integer',
    fallback: '50',
    min: 1,
    max: 1_000_000,
    about:
      'order requests and status reads per second from one client, above which it gets 429: per customer of a token, else per address',
  },
  CLIENT_LIMIT_EXEMPT: {
    kind: 'list',
    fallback: '',
    about: 'addresses and ranges (CIDR) without that limit, besides loopback',
  },
  TRUST_PROXY: {
    kind: 'list',
    fallback: '',
    about: 'addresses and ranges (CIDR) whose X-Forwarded-For is believed',
  },
  SHOP_CURRENCY: {
    kind: 'text',
    fallback: 'USD',
    about: 'currency (ISO 4217) whose minor unit prices are in, for the shop page',
  },
  CONFIRM_TIMEOUT_MS: {
    kind: 'integer',
    fallback: '2000',
    min: 100,
    max: 60_000,
    about: 'milliseconds the broker has to confirm an envelope',
  },
  CLAIM_TIMEOUT_MS: {
    kind: 'integer',
    fallback: '500',
    min: 50,
    max: 10_000,
    about: 'milliseconds Redis has to answer',
  },
  STATEMENT_TIMEOUT_MS: {
    kind: 'integer',
    fallback: '5000',
    min: 100,
    max: 60_000,
    about: 'milliseconds PostgreSQL has for a statement',
  },
  LEDGER_POOL_SIZE: {
    kind: 'integer',
    fallback: '4',
    min: 2,
    max: 100,
    about: 'PostgreSQL connections of a process: one for the batch, the others for questions',
  },
  QUEUE_MAX_BYTES: {
    kind: 'integer',
    fallback: '4294967296',
    min: 1_000_000,
    max: 1_000_000_000_000,
    about: 'bytes in the order queue above which the broker refuses envelopes',
  },
  EVENTS: {
    kind: 'choice',
    choices: ['on', 'off'],
    fallback: 'on',
    about: 'whether what became of orders is published on the exchange `sluice.events`',
  },
  SMTP_URL: {
    kind: 'url',
    schemes: ['smtp:', 'smtps:'],
    secret: true,
    about: 'mail server that takes the mails to customers; unset: no mail is sent',
  },
  MAIL_FROM: { kind: 'text', fallback: 'no-reply@localhost', about: 'sender’s address of those mails' },
  MAIL_TO: {
    kind: 'text',
    fallback: '{{customerId}}',
    about:
      'recipient of a mail: `{{customerId}}` where customer IDs are addresses, else as in `{{customerId}}@members.example`',
  },
  MAIL_TEMPLATES: {
    kind: 'text',
    about:
      'folder with the shop’s own confirmed.subject.txt, confirmed.txt and confirmed.html; unset: the ones that come with Sluice',
  },
  MAIL_CONNECTIONS: {
    kind: 'integer',
    fallback: '20',
    min: 1,
    max: 500,
    about: 'connections of a mail follower to the mail server, and so mails on their way at once',
  },
  LOYALTY_MINOR_PER_POINT: {
    kind: 'integer',
    fallback: '100',
    min: 1,
    max: 1_000_000_000,
    about: 'what earns one loyalty point, in the currency’s minor unit',
  },
  WEBHOOK_TARGETS: {
    kind: 'text',
    secret: true,
    about:
      'systems that events are posted to, separated by spaces, each `NAME=URL#whsec_SECRET`, where USER:PASSWORD@ in the URL is sent as Basic authorization; unset: none',
  },
  WEBHOOK_TIMEOUT_MS: {
    kind: 'integer',
    fallback: '10000',
    min: 100,
    max: 120_000,
    about: 'milliseconds a webhook target has to answer',
  },
  WEBHOOK_CONCURRENCY: {
    kind: 'integer',
    fallback: '20',
    min: 1,
    max: 500,
    about: 'events on their way to one webhook target at once',
  },
  EVENT_BRIDGE: {
    kind: 'choice',
    choices: ['on', 'off'],
    fallback: 'off',
    about:
      'publish single events for subscribers over MQTT, STOMP and others; a private RabbitMQ then speaks these protocols',
  },
  EVENT_BRIDGE_EXCHANGE: {
    kind: 'text',
    fallback: 'amq.topic',
    about: 'topic exchange they are published to; MQTT and STOMP topics are bound to `amq.topic`',
  },
  FOLLOWERS: {
    kind: 'choices',
    choices: ['none', 'loyalty', 'ranking', 'mail', 'webhook', 'bridge', 'activity-log'],
    about:
      'followers that `sluice up` runs, separated by commas; unset: loyalty, ranking, mail where SMTP_URL is set, webhook where WEBHOOK_TARGETS is, bridge where EVENT_BRIDGE is on; with EVENTS off none',
  },
  FOLLOWER_ATTEMPTS: {
    kind: 'integer',
    fallback: '3',
    min: 1,
    max: 10,
    about: 'attempts that an event has with a follower before it becomes a dead letter',
  },
  FOLLOWER_RETRY_MS: {
    kind: 'integer',
    fallback: '30000',
    min: 10,
    max: 3_600_000,
    about: 'milliseconds before the second attempt; doubled for each further one',
  },
  FOLLOWER_PREFETCH_MESSAGES: {
    kind: 'integer',
    fallback: '0',
    min: 0,
    max: 10_000,
    about: 'messages a follower holds unacknowledged; 0: twice what its calls need, up to 100',
  },
  FOLLOWER_MAX_ORDERS_PER_SECOND: {
    kind: 'integer',
    fallback: '2000',
    min: 1,
    max: 1_000_000,
    about: 'orders per second that one process of a follower handles at most',
  },
  FOLLOWER_QUEUE_MAX_BYTES: {
    kind: 'integer',
    fallback: '268435456',
    // A message of events may have 300 kB, more where IDs are long: a queue without room for one drops it for ever.
    min: 1_000_000,
    max: 1_000_000_000_000,
    about: 'bytes in a follower’s queue above which the oldest events are dropped, and counted',
  },
  SHUTDOWN_DEADLINE_MS: {
    kind: 'integer',
    fallback: '8000',
    min: 500,
    max: 600_000,
    about: 'milliseconds a role has to finish its work after SIGTERM',
  },
  LOG_LEVEL: {
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    fallback: 'info',
    about: 'least severe lines that are logged',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
