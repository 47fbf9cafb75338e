-- Transaction IDs of sale $1 (null: all sales) that have several rows, the first $2.
SELECT sale_id, transaction_id, count(*)::double precision AS rows
  FROM orders
 WHERE $1::text IS NULL OR sale_id = $1
 GROUP BY sale_id, transaction_id
HAVING count(*) > 1
 ORDER BY sale_id, transaction_id
 LIMIT $2
