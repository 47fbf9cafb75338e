import type { Scenario } from '../scenario.ts';
import { PLENTY } from '../settings.ts';
import { capUsed, everyAcceptedConfirmed, noLimitHit } from '../verdict/measures.ts';
import { alwaysHolds } from './crowd.ts';

export const saturate: Scenario = {
  name: 'saturate',
  summary: 'As fast as the answers come, with autocannon: how much the gateway takes.',
  model: 'closed-loop',
  defaults: { rate: 0, seconds: 10, stock: PLENTY, gateways: 1, drainers: 1 },
  profile: () => ({ segments: [] }),
  thresholds: [capUsed, everyAcceptedConfirmed, noLimitHit, ...alwaysHolds],
};
