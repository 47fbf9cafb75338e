import type { Companion } from './companion.ts';
import type { Wish } from './driver/open-loop.ts';
import type { RateProfile } from './profile/rate-profile.ts';
import type { Settings } from './settings.ts';
import type { Threshold } from './verdict/threshold.ts';

/** Defaults of a scenario. A rate of `half-cap` is half of what the drain takes, `over-cap` a tenth more than that. */
export interface ScenarioDefaults {
  readonly rate: number | 'half-cap' | 'over-cap';
  /** Set for the run where the caller names none. */
  readonly cap?: number;
  readonly seconds: number;
  readonly stock: number;
  /** Processes of an instance that the load test starts itself. */
  readonly gateways: number;
  readonly drainers: number;
}

export interface Scenario {
  readonly name: string;
  /** One sentence, for the help and the report. */
  readonly summary: string;
  /** `open-loop`: at intended times, whatever the server does. `closed-loop`: as fast as the answers come. */
  readonly model: 'open-loop' | 'closed-loop';
  readonly defaults: ScenarioDefaults;
  /** Pieces of the SKU under load for one customer. */
  readonly customerLimit?: number;
  /** How often each order is sent at once. Default 1. */
  readonly copies?: number;
  /** `--trace FILE` must be there. */
  readonly needsTrace?: boolean;
  /** The load after the warm-up. */
  readonly profile: (settings: Settings) => RateProfile;
  /** Who orders what. Default: one piece, each order from another customer. */
  readonly wish?: (index: number) => Omit<Wish, 'sku'>;
  /** What runs beside the load; such a scenario starts an instance of its own. */
  readonly companion?: (settings: Settings) => Promise<Companion>;
  /** The same load, run first on an instance of its own without the companion, for comparison. */
  readonly baseline?: { readonly seconds: number; readonly env: Readonly<Record<string, string>> };
  /**
   * Whether memory, descriptors and connections of each process are noted. Reading them costs some tens of
   * milliseconds of processor time each time, which a test of latency would measure.
   */
  readonly notesHoldings?: boolean;
  readonly thresholds: readonly Threshold[];
}
