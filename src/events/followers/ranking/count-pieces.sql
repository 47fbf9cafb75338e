-- Adds confirmed orders to the pieces sold by SKU: $1 sale IDs, $2 SKUs, $3 pieces, all of one length.
-- Rows are taken in order of their key, so that two of these never wait for each other.
INSERT INTO ranking_sellers AS known (sale_id, sku, pieces, orders)
SELECT sale_id, sku, sum(quantity), count(*)
  FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given (sale_id, sku, quantity)
 GROUP BY sale_id, sku
 ORDER BY sale_id, sku
    ON CONFLICT (sale_id, sku) DO UPDATE
   SET pieces = known.pieces + excluded.pieces, orders = known.orders + excluded.orders
