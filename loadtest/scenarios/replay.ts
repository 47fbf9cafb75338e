import { traceProfile } from '../profile/trace.ts';
import { acceptedWithin, everyAcceptedConfirmed } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

export const replay = crowd({
  name: 'replay',
  summary: 'A recorded crowd, scaled in height and time.',
  defaults: { rate: 5_000, seconds: 60 },
  needsTrace: true,
  profile: ({ rate, seconds, trace }) => traceProfile(trace ?? [], { peakRate: rate, seconds }),
  thresholds: [acceptedWithin(15), everyAcceptedConfirmed],
});
