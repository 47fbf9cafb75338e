import { acceptedWithin, everyAcceptedConfirmed } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

export const steady = crowd({
  name: 'steady',
  summary: 'One rate from beginning to end.',
  defaults: { rate: 1_000, seconds: 30 },
  thresholds: [acceptedWithin(15), everyAcceptedConfirmed],
});
