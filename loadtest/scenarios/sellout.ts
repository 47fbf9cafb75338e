import { hold } from '../profile/rate-profile.ts';
import type { Scenario } from '../scenario.ts';
import {
  acceptedWithin,
  allSold,
  auditClean,
  backlogDrained,
  noDrops,
  noErrors,
  refusedWithin,
  withinCap,
} from '../verdict/measures.ts';

// One in ten orders comes from a customer who has just ordered, and is over the limit if that one was in time.
const GREEDY_EVERY = 10;

export const sellout: Scenario = {
  name: 'sellout',
  summary: 'A crowd for 2,000 pieces, one a customer: all are sold, and the losers know at once.',
  model: 'open-loop',
  defaults: { rate: 5_000, seconds: 10, stock: 2_000, gateways: 1, drainers: 1 },
  customerLimit: 1,
  profile: ({ rate, seconds }) => hold(rate, seconds),
  wish: (index) => ({
    quantity: 1,
    customerId: `customer-${index % GREEDY_EVERY === GREEDY_EVERY - 1 ? index - 1 : index}`,
  }),
  thresholds: [
    noErrors,
    noDrops,
    allSold,
    acceptedWithin(15),
    refusedWithin(10),
    backlogDrained,
    withinCap,
    auditClean,
  ],
};
