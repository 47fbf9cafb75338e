import { hold } from '../profile/rate-profile.ts';
import type { Scenario, ScenarioDefaults } from '../scenario.ts';
import { PLENTY } from '../settings.ts';
import { auditClean, backlogDrained, noDrops, noErrors, noLimitHit, withinCap } from '../verdict/measures.ts';
import type { Threshold } from '../verdict/threshold.ts';

/** What one crowd has that others have not. */
export type Crowd = Omit<Scenario, 'model' | 'defaults' | 'profile'> & {
  readonly defaults: Pick<ScenarioDefaults, 'rate' | 'seconds'> & Partial<ScenarioDefaults>;
  /** Default: one rate from beginning to end. */
  readonly profile?: Scenario['profile'];
};

/** What must hold whatever the load: nobody is turned away by mistake, and the books agree afterwards. */
export const alwaysHolds: readonly Threshold[] = [noErrors, backlogDrained, withinCap, auditClean];

/**
 * An open-loop scenario: orders come at their times, with stock for all, through one gateway and one drainer, unless it
 * says otherwise. Its own thresholds come on top of those that every crowd has.
 */
export function crowd({ defaults, profile, thresholds, ...scenario }: Crowd): Scenario {
  return {
    ...scenario,
    model: 'open-loop',
    defaults: { stock: PLENTY, gateways: 1, drainers: 1, ...defaults },
    profile: profile ?? (({ rate, seconds }) => hold(rate, seconds)),
    thresholds: [
      noDrops,
      ...thresholds,
      ...(scenario.customerLimit === undefined ? [noLimitHit] : []),
      ...alwaysHolds,
    ],
  };
}
