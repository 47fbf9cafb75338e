import { type Drive, driveOpenLoop, type Wish } from './driver/open-loop.ts';
import type { OrderLog } from './driver/order-log.ts';
import { driveSaturate } from './driver/saturate.ts';
import { ramp } from './profile/rate-profile.ts';
import type { Scenario } from './scenario.ts';
import { LOAD_SKU, type Settings, WARMUP_SKU } from './settings.ts';

const SATURATE_CONNECTIONS = 100;

/** Where a drive sends its orders, and where it notes them. */
interface DriveTarget {
  readonly targets: readonly URL[];
  readonly saleId: string;
  readonly runPrefix: string;
  readonly log: OrderLog;
  readonly signal: AbortSignal;
}

/** Starts a scenario's load: in a closed loop, or at its own rate whatever the answers take. */
export function startDrive(scenario: Scenario, settings: Settings, target: DriveTarget): Drive {
  const wishOf = scenario.wish ?? ((index: number) => ({ quantity: 1, customerId: `customer-${index}` }));
  const wish = (index: number, warmup: boolean): Wish =>
    warmup
      ? { sku: WARMUP_SKU, quantity: 1, customerId: `early-${index}` }
      : { sku: LOAD_SKU, ...wishOf(index) };
  if (scenario.model === 'closed-loop') {
    const { warmupSeconds, seconds } = settings;
    return driveSaturate({
      ...target,
      wish,
      warmupSeconds,
      seconds,
      connections: SATURATE_CONNECTIONS,
    });
  }
  return driveOpenLoop({
    ...target,
    wish,
    copies: scenario.copies ?? 1,
    warmup: ramp(1, Math.max(1, settings.rate), settings.warmupSeconds),
    profile: scenario.profile(settings),
  });
}
