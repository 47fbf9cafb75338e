-- What the ledger holds of one sale, counted from outside the product.
-- $1 sale ID; $2 start of the run, seconds since 1970.
-- Result: one row per SKU, status and second of the run in which the orders were settled, with the number of
-- orders and of pieces. Reads only.
SELECT sku,
       status,
       floor(extract(epoch FROM settled_at) - $2::double precision)::int AS second,
       count(*)::int AS orders,
       sum(quantity)::int AS pieces
  FROM orders
 WHERE sale_id = $1
 GROUP BY 1, 2, 3
 ORDER BY 3
