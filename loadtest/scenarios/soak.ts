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
  steadyMemory,
  withinCap,
} from '../verdict/measures.ts';

export const soak: Scenario = {
  name: 'soak',
  summary: 'Half of what the drain takes, for half an hour: what grows, leaks or slows down shows.',
  model: 'open-loop',
  defaults: { rate: 'half-cap', seconds: 1_800, stock: PLENTY, gateways: 1, drainers: 1 },
  profile: ({ rate, seconds }) => hold(rate, seconds),
  thresholds: [
    noErrors,
    noDrops,
    acceptedWithin(15),
    steadyMemory,
    backlogDrained,
    withinCap,
    everyAcceptedConfirmed,
    auditClean,
  ],
};
