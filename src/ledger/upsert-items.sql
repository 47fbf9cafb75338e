-- Items of sale $1: SKUs $2, names $3, prices $4, stocks $5, limits $6 (null: none). The stock of an item that is
-- there is left alone.
INSERT INTO sale_items AS i (sale_id, sku, name, price_minor, stock_initial, stock_left, customer_limit)
SELECT $1, n.sku, n.name, n.price_minor, n.stock, n.stock, n.customer_limit
  FROM unnest($2::text[], $3::text[], $4::bigint[], $5::integer[], $6::integer[])
       AS n (sku, name, price_minor, stock, customer_limit)
ON CONFLICT (sale_id, sku) DO UPDATE
   SET name = excluded.name, price_minor = excluded.price_minor, customer_limit = excluded.customer_limit
