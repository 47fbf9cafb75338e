import type { CatalogItem, CatalogSale } from '../order/ports/claims.ts';
import type { StockedSale } from '../order/sale.ts';
import type { Connection } from './connection.ts';
import { clusterKeys } from './keys.ts';

/** State and epoch of a sale, as the catalogue shows them to gateways. */
export interface CatalogState {
  readonly state: CatalogSale['state'];
  readonly epoch: number;
}

type AboutSale = Pick<CatalogSale, 'opensAtMs' | 'closesAtMs' | 'items'>;

/**
 * The catalogue: one hash with two fields per sale, what the sale is and how it is, so that a rebuild and an
 * update of the sale never overwrite each other.
 */
export function createCatalog(connection: Connection) {
  const change = async (saleId: string, about: string, state: string, onlyWhereNone: boolean) =>
    (await connection.run(
      'put-catalog',
      [clusterKeys.catalog],
      [saleId, about, state, onlyWhereNone ? '1' : '0'],
    )) as number;

  return {
    async read(): Promise<CatalogSale[] | undefined> {
      const fields = await connection.send((redis) => redis.hgetall(clusterKeys.catalog));
      if (Object.keys(fields).length === 0) return undefined;
      return saleIdsIn(Object.keys(fields)).map((saleId) => {
        const about = JSON.parse(fields[saleId]!) as AboutSale;
        return { saleId, ...about, ...parseState(fields[`${saleId}#state`]) };
      });
    },
    /** Enters or updates a sale; its state only where the catalogue has none. */
    put: (sale: StockedSale, state: CatalogState) =>
      change(sale.saleId, formatSale(sale), formatState(state), true),
    /** Enters or updates a sale and its state. */
    putWithState: (sale: StockedSale, state: CatalogState) =>
      change(sale.saleId, formatSale(sale), formatState(state), false),
    putState: (saleId: string, state: CatalogState) => change(saleId, '', formatState(state), false),
    remove: (saleId: string) => change(saleId, '', '', false),
  };
}

export type Catalog = ReturnType<typeof createCatalog>;

/** Sale IDs contain no `#`. */
export function saleIdsIn(fields: readonly string[]): string[] {
  return fields.filter((field) => !field.includes('#')).sort();
}

function formatSale({ opensAtMs, closesAtMs, items }: StockedSale): string {
  const about: AboutSale = {
    opensAtMs,
    closesAtMs,
    items: items.map(
      ({ sku, name, priceMinor, customerLimit }): CatalogItem => ({
        sku,
        name,
        priceMinor,
        ...(customerLimit !== undefined && { customerLimit }),
      }),
    ),
  };
  return JSON.stringify(about);
}

const formatState = ({ state, epoch }: CatalogState) => `${state} ${epoch}`;

function parseState(text: string | undefined): CatalogState {
  const [state, epoch] = (text ?? '').split(' ');
  // An entry without its state is half of one: nobody claims on it.
  return state === 'open'
    ? { state: 'open', epoch: Number(epoch) }
    : { state: 'rebuilding', epoch: Number(epoch ?? 0) };
}
