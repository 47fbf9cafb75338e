import type { Random } from '../../random.ts';

/** What a shopper orders, and how they behave. */
export interface Shopper {
  readonly sku: string;
  readonly quantity: number;
  readonly customerId: string;
  /** Sends the order twice at once, through two gateways. */
  readonly impatient: boolean;
  /** Gives up at the first 503 or lost connection. */
  readonly walksAway: boolean;
  /** Once accepted, sends the order again a little later. */
  readonly comesBack: boolean;
  /** Once accepted, sends another order under the same transaction ID. */
  readonly reusesId: boolean;
}

export const plentySku = 'plenty';
const scarceShare = 0.1;
const limitedShare = 0.2;
/** Pieces that a customer may have of the limited SKU; they want twice as many. */
const customerLimit = 2;

/** A piece of goods of the sale file. */
export interface Item {
  readonly sku: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly stock: number;
  readonly customerLimit?: number;
}

/** For so many orders: a SKU with half the pieces that are wanted, one with a customer limit, and plenty of one. */
export function goodsFor(orders: number): Item[] {
  const scarce = Math.max(1, Math.floor((orders * scarceShare) / 2));
  return [
    { sku: 'scarce', name: 'Sells out', priceMinor: 49_900, stock: scarce },
    { sku: 'limited', name: 'Two a customer', priceMinor: 9_900, stock: 1_000_000, customerLimit },
    { sku: plentySku, name: 'Plenty', priceMinor: 990, stock: 100_000_000 },
  ];
}

/** The shopper who comes at this place in line, of so many. */
export function shopperAt(random: Random, orders: number): Shopper {
  const dice = random.below(1_000) / 1_000;
  const customers = Math.max(1, Math.floor((orders * limitedShare) / (2 * customerLimit)));
  const wish =
    dice < scarceShare
      ? { sku: 'scarce', quantity: 1, customerId: `fan-${random.below(1_000_000)}` }
      : dice < scarceShare + limitedShare
        ? { sku: 'limited', quantity: 1, customerId: `customer-${random.below(customers)}` }
        : {
            sku: plentySku,
            quantity: 1 + random.below(3),
            customerId: `customer-${random.below(customers)}`,
          };
  return {
    ...wish,
    impatient: random.chance(0.1),
    walksAway: random.chance(0.15),
    comesBack: random.chance(0.05),
    reusesId: random.chance(0.02),
  };
}
