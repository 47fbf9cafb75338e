-- Stock and orders per SKU, of sale $1 or of all where it is null; also SKUs that have orders and no item.
WITH sold AS (
  SELECT o.sale_id, o.sku,
         sum(o.quantity) FILTER (WHERE o.status = 'confirmed') AS confirmed_pieces,
         sum(o.quantity) FILTER (WHERE o.status = 'failed' AND o.quantity BETWEEN 1 AND 1000) AS failed_pieces,
         count(*) FILTER (WHERE o.status = 'confirmed') AS confirmed_orders,
         count(*) FILTER (WHERE o.status = 'rejected') AS rejected_orders,
         count(*) FILTER (WHERE o.status = 'failed') AS failed_orders
    FROM orders o
   WHERE $1::text IS NULL OR o.sale_id = $1
   GROUP BY o.sale_id, o.sku
), items AS (
  SELECT * FROM sale_items i WHERE $1::text IS NULL OR i.sale_id = $1
)
SELECT sale_id, sku, i.stock_initial, i.stock_left,
       coalesce(s.confirmed_pieces, 0)::double precision AS confirmed_pieces,
       coalesce(s.failed_pieces, 0)::double precision AS failed_pieces,
       coalesce(s.confirmed_orders, 0)::double precision AS confirmed_orders,
       coalesce(s.rejected_orders, 0)::double precision AS rejected_orders,
       coalesce(s.failed_orders, 0)::double precision AS failed_orders,
       EXISTS (SELECT FROM restocks r WHERE r.sale_id = i.sale_id AND r.sku = i.sku) AS restocked
  FROM items i FULL JOIN sold s USING (sale_id, sku)
 ORDER BY sale_id, sku
