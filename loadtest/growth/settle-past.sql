-- Writes $3 confirmed orders of one piece of SKU $2 in sale $1, as an earlier hour of the same sale would have left
-- them.
WITH written AS (
  INSERT INTO orders (sale_id, transaction_id, sku, customer_id, quantity, status, sequence, accepted_at, settled_at)
  SELECT $1, gen_random_uuid()::text, $2, 'customer-' || number, 1, 'confirmed', number, now(), now()
    FROM generate_series(1, $3::int) AS number
  RETURNING 1
)
UPDATE sale_items SET stock_left = stock_left - (SELECT count(*) FROM written) WHERE sale_id = $1 AND sku = $2
