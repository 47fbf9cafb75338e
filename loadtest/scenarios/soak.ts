import { flatHoldings } from '../verdict/flatness.ts';
import { acceptedWithin, everyAcceptedConfirmed } from '../verdict/measures.ts';
import { crowd } from './crowd.ts';

export const soak = crowd({
  name: 'soak',
  summary: 'Half of what the drain takes, for half an hour: what grows, leaks or slows down shows.',
  defaults: { rate: 'half-cap', seconds: 1_800 },
  notesHoldings: true,
  thresholds: [acceptedWithin(15), ...flatHoldings, everyAcceptedConfirmed],
});
