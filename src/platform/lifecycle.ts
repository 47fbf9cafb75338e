/**
 * What every long-lived part keeps to: `start` resolves when it works, `stop` is idempotent, may be called before
 * `start` has ended, and resolves when nothing of it is left, at the latest about `deadlineMs` after the call.
 */
export interface Lifecycle {
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}
