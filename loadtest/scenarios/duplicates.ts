import { acceptedWithin, oneOrderPerId } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

export const duplicates = crowd({
  name: 'duplicates',
  summary: 'Every order is sent three times at once, to different gateways where there are two.',
  defaults: { rate: 1_000, seconds: 20, gateways: 2 },
  copies: 3,
  thresholds: [oneOrderPerId, acceptedWithin(25)],
});
