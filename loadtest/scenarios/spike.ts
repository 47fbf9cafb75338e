import { hold, sequence } from '../profile/rate-profile.ts';
import type { Scenario } from '../scenario.ts';
import { PLENTY } from '../settings.ts';
import {
  acceptedWithin,
  auditClean,
  backlogDrained,
  capUsed,
  everyAcceptedConfirmed,
  noDrops,
  noErrors,
  withinCap,
} from '../verdict/measures.ts';

const CALM_RATE = 50;
const CALM_SECONDS = 5;

export const spike: Scenario = {
  name: 'spike',
  summary: 'A normal day, a promotion at a hundred times its rate, and a normal day again; stock for all.',
  model: 'open-loop',
  defaults: { rate: 5_000, seconds: 30, stock: PLENTY, gateways: 1, drainers: 1 },
  profile: ({ rate, seconds }) =>
    sequence(hold(CALM_RATE, CALM_SECONDS), hold(rate, seconds), hold(CALM_RATE, CALM_SECONDS)),
  thresholds: [
    noErrors,
    noDrops,
    acceptedWithin(15),
    backlogDrained,
    withinCap,
    capUsed,
    everyAcceptedConfirmed,
    auditClean,
  ],
};
