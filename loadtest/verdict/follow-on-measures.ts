import type { FollowOnFacts } from '../companion.ts';
import type { Facts, Measured, Threshold } from './threshold.ts';

// The thresholds of what follows an order.

const MAX_LATENCY_RATIO = 1.1;
const MIN_CAP_USED_RATIO = 0.95;
const MISSING = { missing: 'nobody counted what the followers did' } as const;

const constant = (limit: number) => () => limit;
const of =
  (read: (facts: FollowOnFacts) => number) =>
  ({ followOns }: Facts): Measured =>
    followOns ? read(followOns) : MISSING;

/** Shoppers' answers do not wait for mail, points or ranking. */
export const followersCostNoLatency: Threshold = {
  name: 'Intake, 99th percentile, against the same load without followers',
  unit: '×',
  comparison: 'at most',
  limit: constant(MAX_LATENCY_RATIO),
  measure: ({ baseline, drive }) => {
    if (!baseline || baseline.accepted.count === 0)
      return { missing: 'the load was not run without followers' };
    if (drive.latency.accepted.count === 0) return { missing: 'no order was accepted after the warm-up' };
    return drive.latency.accepted.p99Ms / baseline.accepted.p99Ms;
  },
};

/** A dead mail server does not slow the drain: the whole seconds of its absence, against the cap. */
export const capUsedDuringOutage: Threshold = {
  name: 'Part of the cap in use while the mail server was dead',
  unit: '',
  comparison: 'at least',
  limit: constant(MIN_CAP_USED_RATIO),
  measure: ({ followOns, ledger, cap }) => {
    if (!followOns) return MISSING;
    if (!followOns.outage) return { exempt: 'the mail server lived' };
    if (!ledger || cap === undefined) return { missing: 'the ledger or the cap could not be read' };
    const from = Math.ceil(followOns.outage.fromSecond);
    const seconds = ledger.settledPerSecond.slice(from, Math.floor(followOns.outage.toSecond));
    if (seconds.length === 0) return { exempt: 'dead for less than a second' };
    return seconds.reduce((sum, settled) => sum + settled, 0) / seconds.length / cap;
  },
};

/** Once the mail server is back, every confirmed order gets its mail. */
export const oneMailEach: Threshold = {
  name: 'Confirmed orders without a mail',
  unit: 'orders',
  comparison: 'exactly',
  limit: constant(0),
  measure: of(({ ordersWithoutMail }) => ordersWithoutMail),
};

/** A mail is sent twice only where its server died between taking it and saying so. */
export function repeatedMails(connections: number): Threshold {
  return {
    name: 'Mails taken twice: at most those on their way at the server’s death',
    unit: 'mails',
    comparison: 'at most',
    limit: ({ followOns }) => (followOns?.outage ? connections : 0),
    measure: of(({ mailsTwice }) => mailsTwice),
  };
}

/** The shop's own system was told of every confirmed order. */
export const allPosted: Threshold = {
  name: 'Confirmed orders not posted to the webhook',
  unit: 'orders',
  comparison: 'exactly',
  limit: constant(0),
  measure: of(({ ordersNotPosted }) => ordersNotPosted),
};

export const onePointsEntryEach: Threshold = {
  name: 'Confirmed orders without points',
  unit: 'orders',
  comparison: 'exactly',
  limit: constant(0),
  measure: of(({ ordersWithoutPoints }) => ordersWithoutPoints),
};

/** No mail and no points for an order that is not confirmed, and no second entry. */
export const noStrays: Threshold = {
  name: 'Mails and points that belong to no confirmed order',
  unit: '',
  comparison: 'exactly',
  limit: constant(0),
  measure: of(({ strayMails, strayPoints }) => strayMails + strayPoints),
};
