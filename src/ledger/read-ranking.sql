-- The ranking of sale $1: one row with two JSON arrays of $2 entries at most.
--   best_sellers    { sku, pieces, orders }, the most pieces first
--   fastest_buyers  { customerId, sku, acceptedAtMs }, by place in the sale's line
SELECT coalesce((SELECT json_agg(s) FROM (
         SELECT sku, pieces, orders
           FROM ranking_sellers
          WHERE sale_id = $1
          ORDER BY pieces DESC, sku
          LIMIT $2) s), '[]') AS best_sellers,
       coalesce((SELECT json_agg(b) FROM (
         SELECT customer_id AS "customerId", sku,
                floor(extract(epoch FROM accepted_at) * 1000)::double precision AS "acceptedAtMs"
           FROM ranking_buyers
          WHERE sale_id = $1
          ORDER BY sequence
          LIMIT $2) b), '[]') AS fastest_buyers
