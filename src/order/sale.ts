/** One SKU of a sale. */
export interface SaleItem {
  readonly sku: string;
  readonly name: string;
  /** Price in the currency's minor unit, 0 or more. */
  readonly priceMinor: number;
  /** Pieces put on sale at first, 0 or more. */
  readonly stock: number;
  /** Pieces one customer may buy of this SKU, 1 or more; absent: no limit. */
  readonly customerLimit?: number;
}

/** What a sale file says. */
export interface Sale {
  readonly saleId: string;
  readonly opensAtMs: number;
  readonly closesAtMs: number;
  readonly items: readonly SaleItem[];
}

/** A sale for the claims to hold: what is left to sell is all of the stock where nothing else is said. */
export interface StockedSale extends Omit<Sale, 'items'> {
  readonly items: readonly (SaleItem & { readonly stockLeft?: number })[];
}

/** A sale as the ledger holds it. */
export interface LedgerSale extends Omit<Sale, 'items'> {
  readonly items: readonly LedgerItem[];
  /** The highest claim sequence the ledger has settled, 0 before the first. */
  readonly highestSequence: number;
  /** Rises by one each time the claims of the sale are rebuilt. */
  readonly epoch: number;
  /** Taken out of Redis for good; its orders are in the ledger only. */
  readonly archived: boolean;
}

export interface LedgerItem extends SaleItem {
  /** Pieces ever put on sale, restocks included. */
  readonly stock: number;
  readonly stockLeft: number;
}

const claimsLiveAfterCloseMs = 7 * 24 * 60 * 60 * 1_000;

/** Claims live until 7 days after their sale's close. After that, status comes from the ledger. */
export function claimsLiveUntilMs(sale: Pick<Sale, 'closesAtMs'>): number {
  return sale.closesAtMs + claimsLiveAfterCloseMs;
}
