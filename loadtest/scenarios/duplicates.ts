import { hold } from '../profile/rate-profile.ts';
import type { Scenario } from '../scenario.ts';
import { PLENTY } from '../settings.ts';
import {
  acceptedWithin,
  auditClean,
  backlogDrained,
  noDrops,
  noErrors,
  oneOrderPerId,
  withinCap,
} from '../verdict/measures.ts';

export const duplicates: Scenario = {
  name: 'duplicates',
  summary: 'Every order is sent three times at once, to different gateways where there are two.',
  model: 'open-loop',
  defaults: { rate: 1_000, seconds: 20, stock: PLENTY, gateways: 2, drainers: 1 },
  copies: 3,
  profile: ({ rate, seconds }) => hold(rate, seconds),
  thresholds: [noErrors, noDrops, oneOrderPerId, acceptedWithin(25), backlogDrained, withinCap, auditClean],
};
