-- Notes each customer's first confirmed order: $1 sale IDs, $2 customer IDs, $3 SKUs, $4 sequence numbers, $5 times
-- of the claims, all of one length; $6 how many of a sale's first customers are kept.
-- An order that comes after all of those kept is left out before it is written: once the first customers are
-- known, this writes nothing. Rows are taken in order of their key, as in count-pieces.sql. The last one kept is
-- materialized: else it would be looked for twice for each order.
WITH first_of_each AS (
  SELECT DISTINCT ON (sale_id, customer_id) sale_id, customer_id, sku, sequence, accepted_at
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
         AS given (sale_id, customer_id, sku, sequence, accepted_at)
   ORDER BY sale_id, customer_id, sequence
), last_kept AS MATERIALIZED (
  SELECT sale.sale_id,
         (SELECT sequence FROM ranking_buyers kept WHERE kept.sale_id = sale.sale_id
           ORDER BY sequence OFFSET $6::int - 1 LIMIT 1) AS sequence
    FROM (SELECT DISTINCT sale_id FROM first_of_each) sale
)
INSERT INTO ranking_buyers AS known (sale_id, customer_id, sku, sequence, accepted_at)
SELECT f.sale_id, f.customer_id, f.sku, f.sequence, f.accepted_at
  FROM first_of_each f
  JOIN last_kept USING (sale_id)
 WHERE last_kept.sequence IS NULL OR f.sequence < last_kept.sequence
 ORDER BY f.sale_id, f.customer_id
    ON CONFLICT (sale_id, customer_id) DO UPDATE
   SET sku = excluded.sku, sequence = excluded.sequence, accepted_at = excluded.accepted_at
 WHERE excluded.sequence < known.sequence
