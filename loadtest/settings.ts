/** The SKU under load, and the one that the warm-up buys so that it takes no stock from the crowd. */
export const LOAD_SKU = 'load';
export const WARMUP_SKU = 'warm-up';

/** Stock that no run uses up. */
export const PLENTY = 100_000_000;

/** What a run was asked to do, defaults filled in. */
export interface Settings {
  /** Orders/s at the highest; without meaning for a closed loop. */
  readonly rate: number;
  /** Length of the load proper; what belongs around it (a calm before a spike) comes on top. */
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Pieces of the SKU under load. */
  readonly stock: number;
  /** How long the mail server is dead, for `follow-ons`. */
  readonly outageSeconds?: number;
  /** Counts of a trace file, for `replay`. */
  readonly trace?: readonly number[];
}
