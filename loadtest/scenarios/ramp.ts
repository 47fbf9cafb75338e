import * as profile from '../profile/rate-profile.ts';
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

const FIRST_RATE = 50;

export const ramp: Scenario = {
  name: 'ramp',
  summary: 'From a normal day to the highest rate in a straight line.',
  model: 'open-loop',
  defaults: { rate: 6_000, seconds: 40, stock: PLENTY, gateways: 1, drainers: 1 },
  profile: ({ rate, seconds }) => profile.ramp(Math.min(FIRST_RATE, rate), rate, seconds),
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
