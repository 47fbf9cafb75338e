import { hold } from '../profile/rate-profile.ts';
import type { Scenario } from '../scenario.ts';
import { PLENTY } from '../settings.ts';
import {
  acceptedWithin,
  auditClean,
  backlogDrained,
  everyAcceptedConfirmed,
  noDrops,
  noErrors,
  withinCap,
} from '../verdict/measures.ts';

export const steady: Scenario = {
  name: 'steady',
  summary: 'One rate from beginning to end.',
  model: 'open-loop',
  defaults: { rate: 1_000, seconds: 30, stock: PLENTY, gateways: 1, drainers: 1 },
  profile: ({ rate, seconds }) => hold(rate, seconds),
  thresholds: [
    noErrors,
    noDrops,
    acceptedWithin(15),
    backlogDrained,
    withinCap,
    everyAcceptedConfirmed,
    auditClean,
  ],
};
