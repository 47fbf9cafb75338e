-- Enters the points of confirmed orders: $1 sale IDs, $2 transaction IDs, $3 customer IDs, $4 SKUs, $5 pieces,
-- $6 times of settlement, all of one length; $7 what earns one point, in the currency's minor unit.
-- One row: how many entries are new, and of how many orders the ledger does not know the price: these get none.
-- Atomic: one statement. Repeatable: an order that has its entry keeps it.
WITH earned AS (
  SELECT given.*, item.price_minor
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[])
         AS given (sale_id, transaction_id, customer_id, sku, quantity, earned_at)
    LEFT JOIN sale_items item USING (sale_id, sku)
), entered AS (
  INSERT INTO loyalty_entries (sale_id, transaction_id, customer_id, points, earned_at)
  SELECT sale_id, transaction_id, customer_id, quantity * price_minor / $7::bigint, earned_at
    FROM earned
   WHERE price_minor IS NOT NULL
   ORDER BY sale_id, transaction_id
      ON CONFLICT DO NOTHING
  RETURNING 1
)
SELECT (SELECT count(*)::int FROM entered) AS entered,
       (SELECT count(*)::int FROM earned WHERE price_minor IS NULL) AS unpriced
