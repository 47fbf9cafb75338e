import { LOAD_SKU, PLENTY } from '../../settings.ts';
import type { Arena } from '../arena.ts';
import type { Turn } from '../figure.ts';
import { type MeasureOptions, measure } from '../measure.ts';

/** No gateway: every request is one transaction on Postgres, of statements or of one call. */
export function perRequestTurn(contestant: 'perRequest' | 'perRequestCall') {
  return (arena: Arena, options: MeasureOptions) => takeTurn(contestant, arena, options);
}

async function takeTurn(
  contestant: 'perRequest' | 'perRequestCall',
  arena: Arena,
  options: MeasureOptions,
): Promise<Omit<Turn, 'round'>> {
  const saleId = `bench-${Date.now()}`;
  await arena.rivals.query('TRUNCATE per_request.orders');
  await arena.rivals.query('INSERT INTO per_request.stock VALUES ($1, $2, $3)', [saleId, LOAD_SKU, PLENTY]);
  const target = { origin: arena.perRequestUrls[contestant], saleId, sku: LOAD_SKU, status: 200 };
  const { ordersPerSecond, cpuMicrosPerOrder, answers } = await measure(arena, target, options);
  const { rows } = await arena.rivals.query<{ orders: number; sold: number }>(
    `SELECT (SELECT count(*)::int FROM per_request.orders WHERE sale_id = $1) AS orders,
            (SELECT $2 - stock_left FROM per_request.stock WHERE sale_id = $1) AS sold`,
    [saleId, PLENTY],
  );
  const { orders, sold } = rows[0]!;
  return {
    contestant,
    figures: [{ name: contestant, ordersPerSecond, cpuMicrosPerOrder }],
    answers,
    audit: {
      passed: orders === answers[200] && sold === orders,
      found: `${answers[200]} answered 200; in Postgres ${orders} orders, ${sold} pieces sold`,
    },
  };
}
