/** Who and what leads in a sale, from its confirmed orders. */
export interface SaleRanking {
  /** By pieces, the most first. */
  readonly bestSellers: readonly BestSeller[];
  /** By their place in the sale's line, the first first; each customer once. */
  readonly fastestBuyers: readonly FastBuyer[];
}

export interface BestSeller {
  readonly sku: string;
  readonly pieces: number;
  readonly orders: number;
}

export interface FastBuyer {
  readonly customerId: string;
  readonly sku: string;
  /** When the order was claimed. */
  readonly acceptedAtMs: number;
}

/** How many of a sale's first customers are kept: more than are ever shown. */
export const buyersKept = 100;

export interface RankingReader {
  /**
   * The first `limit` of each; empty lists for a sale without confirmed orders.
   *
   * @throws OrderError `ledger-unavailable`
   */
  ranking(saleId: string, limit: number): Promise<SaleRanking>;
}

export interface RankingOperations {
  /**
   * Computes the ranking of a sale anew from its confirmed orders, beside followers at work; resolves with the number
   * of orders counted. A large sale takes longer than the usual statement timeout.
   *
   * @throws OrderError `ledger-unavailable`
   */
  recomputeRanking(saleId: string): Promise<number>;
}
