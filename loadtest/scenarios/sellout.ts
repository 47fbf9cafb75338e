import { acceptedWithin, allSold, refusedWithin } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

// One in ten orders comes from a customer who has just ordered, and is over the limit if that one was in time.
const GREEDY_EVERY = 10;

export const sellout = crowd({
  name: 'sellout',
  summary: 'A crowd for 2,000 pieces, one a customer: all are sold, and the losers know at once.',
  defaults: { rate: 5_000, seconds: 10, stock: 2_000 },
  customerLimit: 1,
  wish: (index) => ({
    quantity: 1,
    customerId: `customer-${index % GREEDY_EVERY === GREEDY_EVERY - 1 ? index - 1 : index}`,
  }),
  thresholds: [allSold, acceptedWithin(15), refusedWithin(10)],
});
