import { hold } from '../profile/rate-profile.ts';
import type { Scenario } from '../scenario.ts';
import { PLENTY } from '../settings.ts';
import {
  allPosted,
  capUsedDuringOutage,
  followersCostNoLatency,
  noStrays,
  oneMailEach,
  onePointsEntryEach,
  repeatedMails,
} from '../verdict/follow-on-measures.ts';
import {
  auditClean,
  backlogDrained,
  capUsed,
  everyAcceptedConfirmed,
  noDrops,
  noErrors,
  noLimitHit,
  withinCap,
} from '../verdict/measures.ts';

const MAIL_MS = 200;
const MAIL_CONNECTIONS = 100;
const CALM_SECONDS = 10;
const OUTAGE_SECONDS = 60;
/** Longer than the attempts of an order and the pauses between them. */
const PATIENCE_SECONDS = 150;

export const followOns: Scenario = {
  name: 'follow-ons',
  summary:
    'Orders at the cap with every follower on, and a mail server that takes 200 ms and is dead for a while.',
  model: 'open-loop',
  defaults: {
    rate: 'over-cap',
    cap: 500,
    seconds: CALM_SECONDS + OUTAGE_SECONDS + CALM_SECONDS,
    stock: PLENTY,
    gateways: 1,
    drainers: 1,
  },
  profile: ({ rate, seconds }) => hold(rate, seconds),
  baseline: { seconds: 30, env: { FOLLOWERS: 'none' } },
  companion: async ({ warmupSeconds, outageSeconds = OUTAGE_SECONDS }) => {
    // Loaded when it is run: its mail server is for development, not for production.
    const { startFollowOns } = await import('../follow-ons/companion.ts');
    return startFollowOns({
      mailMs: MAIL_MS,
      mailConnections: MAIL_CONNECTIONS,
      outageAfterSeconds: warmupSeconds + CALM_SECONDS,
      outageSeconds,
      patienceSeconds: PATIENCE_SECONDS,
    });
  },
  thresholds: [
    noErrors,
    noLimitHit,
    noDrops,
    followersCostNoLatency,
    backlogDrained,
    withinCap,
    capUsed,
    capUsedDuringOutage,
    everyAcceptedConfirmed,
    oneMailEach,
    repeatedMails(MAIL_CONNECTIONS),
    allPosted,
    onePointsEntryEach,
    noStrays,
    auditClean,
  ],
};
