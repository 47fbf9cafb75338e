import type { Scenario } from '../scenario.ts';
import { duplicates } from './duplicates.ts';
import { followOns } from './follow-ons.ts';
import { ramp } from './ramp.ts';
import { replay } from './replay.ts';
import { saturate } from './saturate.ts';
import { sellout } from './sellout.ts';
import { soak } from './soak.ts';
import { spike } from './spike.ts';
import { steady } from './steady.ts';

/** Every scenario, in the order of the help. */
export const scenarios: readonly Scenario[] = [
  spike,
  sellout,
  duplicates,
  steady,
  ramp,
  soak,
  saturate,
  followOns,
  replay,
];
