import { traceProfile } from '../profile/trace.ts';
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

export const replay: Scenario = {
  name: 'replay',
  summary: 'A recorded crowd, scaled in height and time.',
  model: 'open-loop',
  defaults: { rate: 5_000, seconds: 60, stock: PLENTY, gateways: 1, drainers: 1 },
  needsTrace: true,
  profile: ({ rate, seconds, trace }) => traceProfile(trace ?? [], { peakRate: rate, seconds }),
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
