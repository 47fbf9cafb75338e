/** The keys of one sale. They share the hash tag `{saleId}`, so that one script may touch all of them. */
export interface SaleKeys {
  /** hash: times (ms), epoch, state, sequence, settled, and where there are any, the lost claims */
  readonly sale: string;
  /** hash: SKU → pieces left */
  readonly stock: string;
  /** hash: SKU → pieces one customer may claim; limited SKUs only */
  readonly limits: string;
  /** hash: SKU → pieces claimed and neither confirmed nor rejected */
  readonly held: string;
  /** hash: transaction ID → claim, see claim-value.ts */
  readonly claims: string;
  /** hash: "SKU customer" → pieces claimed; limited SKUs only */
  readonly customers: string;
  /** list: transaction IDs in order of sequence, from the oldest claim that has not settled on */
  readonly line: string;
  /** set: transaction ID of each unsettled claim without a broker's confirm on record */
  readonly unconfirmed: string;
  /** hash: SKU → pieces ever put on sale, as the ledger counted them when Redis last heard of it */
  readonly initial: string;
}

export function saleKeys(saleId: string): SaleKeys {
  const key = (name: string) => `sluice:{${saleId}}:${name}`;
  return {
    sale: key('sale'),
    stock: key('stock'),
    limits: key('limits'),
    held: key('held'),
    claims: key('claims'),
    customers: key('customers'),
    line: key('line'),
    unconfirmed: key('unconfirmed'),
    initial: key('initial'),
  };
}

export function allSaleKeys(saleId: string): string[] {
  return Object.values({ ...saleKeys(saleId) });
}

/** The keys that belong to no sale. Each is used by itself, so that they may live on different nodes. */
export const clusterKeys = {
  /** hash: sale ID → JSON, "saleId#state" → "state epoch", "#version" → catalogue version */
  catalog: 'sluice:catalog',
  /** string: orders per second that are drained now, 0 while paused */
  cap: 'sluice:cap',
  /** hash: gateway ID → "catalogue version, forgotten-at time (ms)" */
  gateways: 'sluice:gateways',
  /** hash: process ID → "its report as JSON, forgotten-at time (ms)" */
  processes: 'sluice:processes',
  /** string: `run_id` of the server that was vetted last */
  run: 'sluice:run',
} as const;
