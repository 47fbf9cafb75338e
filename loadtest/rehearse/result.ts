import type { OutcomeCounts } from '../driver/recorder.ts';
import type { Environment } from '../report/environment.ts';
import type { Refusals } from './load/refusals.ts';
import type { Recovery } from './recovery.ts';

/** What one strike did. Seconds count from the start of its act. */
export interface StrikeResult {
  readonly number: number;
  readonly fault: string;
  /** Orders sent in the act when it struck. */
  readonly atOrder: number;
  readonly did: string;
  readonly startSecond: number;
  /** The fault was over; recovery counts from here. */
  readonly endSecond: number;
  readonly recovery: Recovery;
  readonly boundMs: number;
  readonly refusals: Refusals;
  /** What the fault itself saw that should not have been, what did not come back, and roles that ended by themselves. */
  readonly violations: readonly string[];
}

/** Resident memory of one process in MiB; `null` where it was not seen. */
export interface RoleMemory {
  readonly label: string;
  readonly beforeMiB: number | null;
  /** Most of what was seen while a fault was in force or its traces were. */
  readonly duringMiB: number | null;
  readonly afterMiB: number | null;
}

/** Values per second of the act. */
export interface Timeline {
  readonly accepted: readonly number[];
  /** Sold out or over the limit. */
  readonly refused: readonly number[];
  /** 503s, and requests without an answer. */
  readonly turnedAway: readonly number[];
  readonly drained: readonly number[];
  readonly waiting: readonly (number | null)[];
}

/** One act: a sale with up to ten strikes and the audit after them. */
export interface ActResult {
  readonly number: number;
  readonly saleId: string;
  readonly strikes: readonly StrikeResult[];
  /** Orders sent, without repeats, retries and probes. */
  readonly orders: number;
  readonly outcomes: OutcomeCounts;
  /** From the last recovery until nothing waited any more; `null`: not until the deadline. */
  readonly quietMs: number | null;
  /** What the audit and the answers said against the promises, and roles that ended between strikes, one sentence each. */
  readonly violations: readonly string[];
  /** What the audit warned of. */
  readonly warnings: readonly string[];
  readonly checks: number;
  readonly timeline: Timeline;
  readonly memory: readonly RoleMemory[];
}

/** Everything that is known of a rehearsal; the JSON file is exactly this. */
export interface RehearsalResult {
  readonly go: boolean;
  /** Why not, one sentence each. */
  readonly reasons: readonly string[];
  readonly seed: number;
  readonly faults: readonly string[];
  readonly full: boolean;
  readonly ordersPerSecond: number;
  readonly gateways: number;
  readonly drainers: number;
  readonly privateServices: boolean;
  readonly boundsJudged: boolean;
  readonly startedAt: string;
  readonly seconds: number;
  readonly table: readonly FaultRow[];
  readonly acts: readonly ActResult[];
  readonly environment: Environment;
}

/** One fault over the whole rehearsal. */
export interface FaultRow {
  readonly fault: string;
  readonly strikes: number;
  /** Strikes with a violation of their own, and those in acts whose audit or answers showed one. */
  readonly violations: number;
  readonly medianMs: number | null;
  /** `null`: one did not recover. */
  readonly worstMs: number | null;
  readonly boundMs: number;
  readonly late: number;
  /** With 95 % confidence fewer than this part of such strikes break a promise; `null` after a violation. */
  readonly atMost: number | null;
}
