import * as profile from '../profile/rate-profile.ts';
import { acceptedWithin, capUsed, everyAcceptedConfirmed } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

const FIRST_RATE = 50;

export const ramp = crowd({
  name: 'ramp',
  summary: 'From a normal day to the highest rate in a straight line.',
  defaults: { rate: 6_000, seconds: 40 },
  profile: ({ rate, seconds }) => profile.ramp(Math.min(FIRST_RATE, rate), rate, seconds),
  thresholds: [acceptedWithin(15), capUsed, everyAcceptedConfirmed],
});
