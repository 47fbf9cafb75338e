-- Customers of limited SKUs in sale $1 (null: all), how many have more confirmed pieces than the limit that stood when
-- they got them, and the first $2 of these as JSON. One row.
--
-- A batch has its settled_at before it locks the items: an order that settled up to a minute before a change may have
-- been judged by the limit after it. The first limit on record stood from the start.
WITH stood AS (
  SELECT c.sale_id, c.sku, c.customer_limit,
         CASE WHEN row_number() OVER item = 1 THEN '-infinity' ELSE c.changed_at END AS from_at,
         lead(c.changed_at, 1, 'infinity') OVER item AS to_at
    FROM limit_changes c
   WHERE $1::text IS NULL OR c.sale_id = $1
  WINDOW item AS (PARTITION BY c.sale_id, c.sku ORDER BY c.changed_at)
), lowest AS (
  SELECT sale_id, sku, min(customer_limit) AS customer_limit
    FROM stood GROUP BY sale_id, sku HAVING min(customer_limit) IS NOT NULL
), buyers AS MATERIALIZED (
  SELECT o.sale_id, o.sku, o.customer_id, l.customer_limit, sum(o.quantity) AS pieces
    FROM lowest l
    JOIN orders o ON o.sale_id = l.sale_id AND o.sku = l.sku AND o.status = 'confirmed'
   GROUP BY o.sale_id, o.sku, o.customer_id, l.customer_limit
), had AS (
  SELECT o.sale_id, o.sku, o.customer_id, o.settled_at,
         sum(o.quantity) OVER (PARTITION BY o.sale_id, o.sku, o.customer_id ORDER BY o.settled_at) AS pieces
    FROM buyers b
    JOIN orders o ON o.sale_id = b.sale_id AND o.sku = b.sku AND o.customer_id = b.customer_id
                 AND o.status = 'confirmed'
   WHERE b.pieces > b.customer_limit
), over_limit AS MATERIALIZED (
  SELECT h.sale_id, h.sku, h.customer_id, max(h.pieces) AS pieces, min(s.customer_limit) AS customer_limit
    FROM had h
    CROSS JOIN LATERAL (
      SELECT CASE WHEN bool_and(s.customer_limit IS NOT NULL) THEN max(s.customer_limit) END AS customer_limit
        FROM stood s
       WHERE s.sale_id = h.sale_id AND s.sku = h.sku
         AND s.to_at > h.settled_at AND s.from_at <= h.settled_at + interval '1 minute'
    ) s
   WHERE h.pieces > s.customer_limit
   GROUP BY h.sale_id, h.sku, h.customer_id
), listed AS (
  SELECT * FROM over_limit ORDER BY sale_id, sku, customer_id LIMIT $2
)
SELECT (SELECT count(*) FROM buyers)::double precision AS customers,
       (SELECT count(*) FROM over_limit)::double precision AS over,
       coalesce(
         (SELECT json_agg(json_build_object(
                   'saleId', sale_id, 'sku', sku, 'customerId', customer_id, 'pieces', pieces,
                   'customerLimit', customer_limit) ORDER BY sale_id, sku, customer_id)
            FROM listed),
         '[]'
       ) AS first
