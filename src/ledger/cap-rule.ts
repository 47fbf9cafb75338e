/**
 * The cap's rule: GCRA on one row, where a batch of n orders is one arrival of weight n.
 *
 * Let `cap` be orders per second, B the burst (50 ms of the cap, at least 1, at most the caller's largest batch)
 * and T the time up to which the cap is booked. A batch of n ≤ B new orders at time t
 *
 * - is allowed exactly when t ≥ T − τ(n), with τ(n) = (B − n + 0.9) / cap,
 * - and then books T' = max(T, t) + n / cap.
 *
 * **Bound.** In any closed second at most cap + B orders are written, whatever the sizes of the batches. Take the
 * allowed batches 1…k with t₁ ≤ … ≤ tₖ ≤ t₁ + 1 s, and let Tᵢ be what batch i left. Since max(T₀, t₁) ≥ t₁ and no
 * booking ever lowers T, Tₖ ≥ t₁ + Σnᵢ / cap. Since batch k was allowed, max(Tₖ₋₁, tₖ) ≤ tₖ + τ(nₖ), so
 * Tₖ ≤ tₖ + (B + 0.9) / cap, in which nₖ has cancelled out. Together
 * Σnᵢ ≤ cap · (tₖ − t₁) + B + 0.9 ≤ cap + B + 0.9, and as Σnᵢ, cap and B are whole, Σnᵢ ≤ cap + B.
 *
 * **Nothing is lost by waking up late.** A batch is allowed from T − τ(n) on, and as long as it comes at T or
 * before, its booking starts at T and not at t: a caller with a backlog may be late by τ(n) and still use every
 * order of the cap. With batches of B / 2 that is 25 ms. The 0.9 gives a cap whose burst is a single order such
 * a credit too; 1 would break the bound.
 *
 * Times are whole nanoseconds: bookings round up and tolerances down, so rounding can only cost, never exceed.
 * The forgiveness in settle-batch.sql (T is at most t + (50 ms of the cap + 0.9) / cap) changes nothing while clock
 * and cap stand still: it is the inequality above, with the largest B any caller can have.
 */
export interface CapState {
  readonly ordersPerSecond: number;
  readonly burstOrders: number;
  /** T above; nanoseconds since the epoch. */
  readonly bookedUntilNs: bigint;
}

export type CapDecision =
  | { readonly allowed: true; readonly bookedUntilNs: bigint }
  | { readonly allowed: false; readonly waitNs: bigint };

export const capRange = { min: 1, max: 1_000_000 } as const;

/** Orders that may be written at one moment: 50 ms of the cap, at least 1, at most `batchMaxOrders`. */
export function burstOrders(ordersPerSecond: number, batchMaxOrders: number): number {
  return Math.min(batchMaxOrders, Math.max(1, Math.floor(ordersPerSecond / 20)));
}

/**
 * The rule that settle-batch.sql applies, without a database, for proofs and models.
 *
 * @param orders 1 to `burstOrders` orders that are new to the ledger
 */
export function decideBatch(state: CapState, orders: number, nowNs: bigint): CapDecision {
  const cap = BigInt(state.ordersPerSecond);
  const toleranceNs = (BigInt(10 * (state.burstOrders - orders) + 9) * 100_000_000n) / cap;
  const waitNs = state.bookedUntilNs - nowNs - toleranceNs;
  if (waitNs > 0n) return { allowed: false, waitNs };
  const fromNs = state.bookedUntilNs > nowNs ? state.bookedUntilNs : nowNs;
  return { allowed: true, bookedUntilNs: fromNs + (BigInt(orders) * 1_000_000_000n + cap - 1n) / cap };
}
