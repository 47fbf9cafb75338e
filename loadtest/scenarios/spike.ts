import { hold, sequence } from '../profile/rate-profile.ts';
import { acceptedWithin, capUsed, everyAcceptedConfirmed } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

const CALM_RATE = 50;
const CALM_SECONDS = 5;

export const spike = crowd({
  name: 'spike',
  summary: 'A normal day, a promotion at a hundred times its rate, and a normal day again; stock for all.',
  defaults: { rate: 5_000, seconds: 30 },
  profile: ({ rate, seconds }) =>
    sequence(hold(CALM_RATE, CALM_SECONDS), hold(rate, seconds), hold(CALM_RATE, CALM_SECONDS)),
  thresholds: [acceptedWithin(15), capUsed, everyAcceptedConfirmed],
});
