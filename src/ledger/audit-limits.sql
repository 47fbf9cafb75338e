-- Customers of limited SKUs in sale $1 (null: all), how many have more confirmed pieces than the limit, and the
-- first $2 of these as JSON. One row.
WITH buyers AS (
  SELECT o.sale_id, o.sku, o.customer_id, i.customer_limit, sum(o.quantity) AS pieces
    FROM sale_items i
    JOIN orders o ON o.sale_id = i.sale_id AND o.sku = i.sku AND o.status = 'confirmed'
   WHERE i.customer_limit IS NOT NULL AND ($1::text IS NULL OR i.sale_id = $1)
   GROUP BY o.sale_id, o.sku, o.customer_id, i.customer_limit
), over_limit AS MATERIALIZED (
  SELECT count(*) OVER () AS total, b.* FROM buyers b WHERE b.pieces > b.customer_limit
   ORDER BY b.sale_id, b.sku, b.customer_id LIMIT $2
)
SELECT (SELECT count(*) FROM buyers)::double precision AS customers,
       coalesce((SELECT max(total) FROM over_limit), 0)::double precision AS over,
       coalesce(
         (SELECT json_agg(json_build_object(
                   'saleId', sale_id, 'sku', sku, 'customerId', customer_id, 'pieces', pieces,
                   'customerLimit', customer_limit))
            FROM over_limit),
         '[]'
       ) AS first
